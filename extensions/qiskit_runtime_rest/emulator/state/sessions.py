"""Sessions and batches: their states, and when they change."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, frozen

from ..errors import PAYLOAD_NOT_VALID, SESSION_CLOSED, SESSION_NOT_ALLOWED, SESSION_NOT_FOUND, ServiceError
from .storage import Records

if TYPE_CHECKING:
    from .clock import Clock
    from .identifiers import Identifiers
    from .instances import Instance
    from .job import Job
    from .storage import Storage

__all__ = ["Session", "SessionState", "Sessions"]

_TABLE = "sessions"
_IDLE_SECONDS = 30 * 60
_INTERACTIVE_SECONDS = {"batch": 1, "dedicated": 60}
"""Seconds without a job after which a session is inactive, unless its creator sets them."""


def _guess(reason: str) -> str:
    """A reason for a state that the live service was not seen to send."""
    return reason


_CREATED = "session_created"
_ACTIVATED = _guess("session_activated")
_INACTIVATED = "session_inactivated_by_interactive_ttl"
_CLOSED_EARLY = "session_closed_early"
_CANCELLED = _guess("session_closed_early")
_IDLE = _guess("session_closed_by_inactivity")
_OVER = _guess("session_closed_by_max_ttl")


class SessionState(StrEnum):
    """The states the contract names."""

    OPEN = "open"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"


@frozen(kw_only=True)
class Session:
    """One session or batch. Times are seconds since the epoch, the `_ttl`s seconds; `instance` is a CRN."""

    id: str
    instance: str
    user_id: str
    mode: str
    backend: str | None
    created: float
    max_ttl: int
    interactive_ttl: int
    active_ttl: int | None = None
    state: SessionState = SessionState.OPEN
    state_reason: str = _CREATED
    accepting_jobs: bool = True
    activated_at: float | None = None
    closed_at: float | None = None
    last_job_started: float | None = None
    last_job_completed: float | None = None
    timestamps: tuple[tuple[str, float], ...] = ()
    """Each state it entered, and when."""

    def enter(self, state: SessionState, at: float, **changes: Any) -> Session:
        """The same session in another state."""
        history = (*self.timestamps, (str(state), at))
        return evolve(self, state=state, timestamps=history, **changes)

    def close(self, at: float, *, reason: str) -> Session:
        """Any state → closed."""
        return self.enter(SessionState.CLOSED, at, closed_at=at, accepting_jobs=False, state_reason=reason)

    @property
    def ttl_ends_at(self) -> float:
        """When its maximum time to live ends: counted from its first job; until then, from its creation."""
        return (self.activated_at or self.created) + self.max_ttl

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Session:
        """Read what `attrs.asdict` wrote."""
        history = tuple((state, at) for state, at in record["timestamps"])
        return cls(**{**record, "state": SessionState(record["state"]), "timestamps": history})


class Sessions:
    """The sessions of all instances."""

    def __init__(self, *, clock: Clock, storage: Storage, identifiers: Identifiers) -> None:
        """Load the sessions of an earlier run."""
        self._clock = clock
        self._identifiers = identifiers
        self._sessions = Records(storage, _TABLE, read=Session.from_record, write=asdict)

    def __iter__(self) -> Iterator[Session]:
        """All sessions in order of creation."""
        return iter(self._sessions.values())

    def reset(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()

    def create(self, *, instance: Instance, mode: str, **fields: Any) -> Session:
        """Open a session; raises `ServiceError` 1352 if the plan has no dedicated ones."""
        if mode == "dedicated" and not instance.plan.dedicated_sessions:
            raise ServiceError(SESSION_NOT_ALLOWED)
        now = self._clock.now()
        session = Session(
            id=self._identifiers.session(taken=self._sessions),
            instance=instance.crn,
            mode=mode,
            created=now,
            timestamps=((SessionState.OPEN.value, now),),
            **{"interactive_ttl": _INTERACTIVE_SECONDS[mode], **fields},
        )
        self._save(session)
        return session

    def find(self, session_id: str, *, instance: str) -> Session:
        """Return a session of the instance; raises `ServiceError` 4002 (404)."""
        session = self._sessions.get(session_id)
        if session is None or session.instance != instance:
            raise ServiceError(SESSION_NOT_FOUND, f"There is no session {session_id[:100]!r} in this instance.")
        return session

    def get(self, session_id: str) -> Session | None:
        """Return a session of any instance."""
        return self._sessions.get(session_id)

    def check_accepts(self, session_id: str, *, instance: str, backend: str) -> None:
        """Check that a job may join; raises `ServiceError` 4001 for a closed session."""
        session = self.find(session_id, instance=instance)
        if session.state is SessionState.CLOSED or not session.accepting_jobs:
            raise ServiceError(SESSION_CLOSED, f"The state of session {session_id} is {session.state}.")
        if session.backend is not None and session.backend != backend:
            raise ServiceError(
                PAYLOAD_NOT_VALID, f"The session is for backend {session.backend}, the job for {backend}."
            )

    def set_accepting(self, session: Session, accepting: bool, *, busy: bool) -> None:
        """Let the session accept jobs or not. If it does not and has no pending jobs (`busy`), it closes.

        A closed session only changes what it says, as in the service: it still accepts no jobs.
        """
        session = evolve(session, accepting_jobs=accepting)
        if not accepting and not busy and session.state is not SessionState.CLOSED:
            session = session.close(self._clock.now(), reason=_CLOSED_EARLY)
        self._save(session)

    def close(self, session: Session) -> None:
        """Close at once. Closing a closed session changes nothing."""
        if session.state is not SessionState.CLOSED:
            self._save(session.close(self._clock.now(), reason=_CANCELLED))

    def job_started(self, job: Job) -> None:
        """Activate the job's session."""
        session = self._sessions.get(job.session_id or "")
        if session is None or session.state is SessionState.CLOSED or job.started is None:
            return
        changes: dict[str, Any] = {"last_job_started": job.started}
        if session.activated_at is None:
            changes["activated_at"] = job.started
        if session.state is SessionState.ACTIVE:
            self._save(evolve(session, **changes))
        else:
            self._save(session.enter(SessionState.ACTIVE, job.started, state_reason=_ACTIVATED, **changes))

    def job_ended(self, job: Job) -> None:
        """Record the end of a job in its session."""
        session = self._sessions.get(job.session_id or "")
        if session is not None and session.state is not SessionState.CLOSED:
            self._save(evolve(session, last_job_completed=job.finished))

    def settle(self, now: float, *, busy: Container[str]) -> list[str]:
        """Let time pass: idle sessions become inactive, then close. `busy`: sessions with pending jobs.

        Returns the sessions whose maximum time to live is over: their queued jobs will not run.
        """
        over = []
        for session in [one for one in self if one.state is not SessionState.CLOSED]:
            idle_since = max(session.created, session.last_job_completed or 0.0)
            idle = session.id not in busy
            if now >= session.ttl_ends_at:
                over.append(session.id)
                self._save(session.close(session.ttl_ends_at, reason=_OVER))
            elif idle and not session.accepting_jobs:
                self._save(session.close(idle_since, reason=_CLOSED_EARLY))
            elif idle and now >= idle_since + _IDLE_SECONDS:
                self._save(session.close(idle_since + _IDLE_SECONDS, reason=_IDLE))
            elif idle and session.state is SessionState.ACTIVE and now >= idle_since + session.interactive_ttl:
                inactive_at = idle_since + session.interactive_ttl
                self._save(session.enter(SessionState.INACTIVE, inactive_at, state_reason=_INACTIVATED))
        return over

    def next_due(self, *, busy: Container[str]) -> float:
        """When the next session changes because time passes; infinity for never."""
        return min(
            (_next_change(one, busy=one.id in busy) for one in self if one.state is not SessionState.CLOSED),
            default=math.inf,
        )

    def _save(self, session: Session) -> None:
        self._sessions.save(session.id, session)


def _next_change(session: Session, *, busy: bool) -> float:
    if busy:
        return session.ttl_ends_at
    idle_since = max(session.created, session.last_job_completed or 0.0)
    rest = session.interactive_ttl if session.state is SessionState.ACTIVE else _IDLE_SECONDS
    return min(session.ttl_ends_at, idle_since + rest, idle_since + _IDLE_SECONDS)
