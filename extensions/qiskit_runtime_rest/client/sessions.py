"""Sessions and batches: jobs that belong together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx

from qiskit_runtime_api.api import sessions as sessions_api

from ..arguments import Named, backend_name, whole_seconds
from ..base.json_members import member_text
from ..base.text import printable
from ..config.state_file import State
from ..errors import Conflict, InvalidInput, NotFound, RuntimeRestError
from ..http import Connection, Origin
from ..http.calls import fetch, json_object
from ..http.error_mapping import modelled, unexpected_answer
from ..plans.faces import AsyncFace, SyncFace, operation
from ..plans.plan import Plan, run, run_async
from ..submission import SubmissionLimiter, SubmissionPolicy, Submitter
from ..waiting import CHECKS_FOR_MISSING, JobPages, PollInterval, WaitBudget
from .handle import Handle
from .job import AsyncJob, Job
from .job_group import JobGroup
from .submit import SubmitOperations, SubmitOptions

if TYPE_CHECKING:
    from qiskit_runtime_api.models import Session as SessionModel

__all__ = ["AsyncSession", "AsyncSessions", "Session", "Sessions"]

log = logging.getLogger("qiskit_runtime_rest.sessions")

MODES = ("batch", "dedicated")
CLOSED = "closed"
LEAVE_SECONDS = 10.0
"""How long a cancelled task goes on to close its session."""

LONGEST_LIFE_SECONDS = 2**31 - 1
"""`max_ttl` is of the format int32 in the contract."""

J = TypeVar("J", Job, AsyncJob)
S = TypeVar("S", "Session", "AsyncSession")


class SessionOperations(Handle, SubmitOperations[J]):
    """One session. As a context manager it closes at the end: what is queued still runs.

    Attributes:
        id: the session's id.
        raw: the session's JSON as last read.
    """

    _poll_interval: PollInterval

    def __init__(
        self,
        connection: Connection | Origin,
        session_id: str,
        *,
        raw: dict[str, Any],
        submitter: Submitter | None = None,
        poll_interval: PollInterval | None = None,
        cancel_on_error: bool = False,
    ) -> None:
        """Made by `client.sessions`."""
        super().__init__(connection)
        self.id = session_id
        self.raw = raw
        self._own_submitter = submitter
        self._poll_interval = poll_interval or PollInterval()
        self._cancel_on_error = cancel_on_error
        self._ended = False

    def __repr__(self) -> str:
        """Id, mode, backend and state, as far as known."""
        known = [self.id, self.raw.get("mode"), self.backend, self.raw.get("state")]
        return printable(f"<{type(self).__name__} {' '.join(str(fact) for fact in known if fact)}>")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what identifies the session and what is known of it; no credentials."""
        return _unpickled, (type(self), self._origin, self.id, self.raw, self._cancel_on_error)

    @property
    def _submitter(self) -> Submitter:
        if self._own_submitter is None:
            settings, clock = self._connection.settings, self._connection.clock
            limiter = SubmissionLimiter(settings.submissions_per_minute, user=settings.user, state=State(), clock=clock)
            self._own_submitter = Submitter(SubmissionPolicy(), limiter=limiter, journal=None, clock=clock)
        return self._own_submitter

    @_submitter.setter
    def _submitter(self, submitter: Submitter) -> None:
        self._own_submitter = submitter

    @property
    def backend(self) -> str | None:
        """Name of the session's backend, as far as known."""
        return member_text(self.raw, "backend_name") or member_text(self.raw, "backend")

    @property
    def details(self) -> SessionModel:
        """The session as last read, as the generated model `Session`.

        Raises:
            UnexpectedAnswer: what was read is not what the contract promises; it is in `raw`.
        """
        from qiskit_runtime_api.models import Session as SessionModel

        return modelled(SessionModel, self.raw, what=f"session {self.id}")

    @operation
    def status(self) -> Plan[str]:
        """The session's state now: open, active, inactive, closed; the service may know more words.

        Raises: ApiError, TransportError. Source: operation `get_session`, schema `SessionState`.
        """
        yield from self._refresh()
        return self._state()

    def _refresh(self, budget: float | None = None) -> Plan[httpx.Response]:
        response = yield from fetch(sessions_api.get_session, budget=budget, id=self.id)
        self.raw = json_object(response)
        return response

    def _state(self) -> str:
        return member_text(self.raw, "state") or "unknown"

    @operation
    def wait(self, *, timeout: float | None = None, stop: threading.Event | None = None) -> Plan[list[J]]:
        """Wait until the session is closed and its jobs are over; the outcome is its jobs, the oldest first.

        It is closed some time after `close()` or `cancel()`, when nobody uses it for long, or at its maximum time.
        How a job ended is in its `failure`, and `result()` reads its result.

        Args:
            timeout: seconds for all together; None waits as long as it takes.
            stop: an event that ends the wait of a thread when set (a task is cancelled instead).

        Raises:
            InvalidInput: `timeout` is no number of seconds.
            WaitTimeout, WaitStopped: the session, or its jobs in the error's `job_ids`, go on.
            NotFound: there is no such session.
            ApiError, TransportError: the service could not be asked, for long.

        Source: operations `get_session`, `list_jobs`, `get_job`.
        """
        wait_budget = WaitBudget(
            clock=self._connection.clock, poll_interval=self._poll_interval, timeout=timeout, stop=stop
        )
        listed = yield from self._jobs_when_closed(wait_budget)
        jobs = [self._job(self._connection, job["id"], raw=job, poll_interval=self._poll_interval) for job in listed]
        handles = JobGroup(jobs, wait_budget=wait_budget)
        while handles.left:
            yield from handles.next_ended()
        return jobs

    def _jobs_when_closed(self, wait_budget: WaitBudget) -> Plan[list[dict[str, Any]]]:
        """The JSON of the session's jobs, listed once it is closed and takes no more."""
        state: str | None = None
        gone: NotFound | None = None
        changed, missing = wait_budget.clock.monotonic(), 0
        while True:
            with wait_budget.check(f"session {self.id}"):
                try:
                    if state != CLOSED:
                        response = yield from self._refresh(wait_budget.left)
                        if member_text(self.raw, "state") is None:
                            raise unexpected_answer(response, "the answer does not tell the session's state")
                        wait_budget.record_response(response)
                except NotFound as failure:
                    missing += 1
                    gone = failure if missing >= CHECKS_FOR_MISSING else None
                    if gone is None:
                        wait_budget.record_failure(failure, f"session {self.id}")
                else:
                    missing, gone = 0, None
                    if self._state() != state:
                        state, changed = self._state(), wait_budget.clock.monotonic()
                    if state == CLOSED and (jobs := (yield from self._listed(wait_budget))) is not None:
                        return jobs
            if gone is not None:
                raise gone
            yield from wait_budget.pause(changed=changed, left={"job_id": "", "status": state, "session_id": self.id})

    def _listed(self, wait_budget: WaitBudget) -> Plan[list[dict[str, Any]] | None]:
        """The JSON of the session's jobs; None: there are more than `wait_budget` lasts for."""
        pages = JobPages(session_id=self.id, sort="ASC", budget=lambda: wait_budget.left)
        jobs = yield from pages.next()
        while not pages.done:
            if wait_budget.is_used_up:
                return None
            jobs += yield from pages.next()
        return jobs

    @operation
    def close(self) -> Plan[None]:
        """Take no more jobs; queued ones still run. Raises: ApiError. Source: operation `update_session`."""
        yield from self._close()

    @operation
    def cancel(self) -> Plan[None]:
        """End the session; queued jobs will not run. Raises: ApiError. Source: operation `delete_session_close`."""
        yield from self._cancel()

    def _close(self) -> Plan[None]:
        from qiskit_runtime_api.models import SessionUpdate

        yield from fetch(sessions_api.update_session, id=self.id, body=SessionUpdate(accepting_jobs=False))
        self._ended = True

    def _cancel(self) -> Plan[None]:
        yield from fetch(sessions_api.close_session, id=self.id)
        self._ended = True

    def _leave(self, *, failed: bool) -> Plan[None]:
        """End the session, unless that was done inside the block; what the block raised is not covered up."""
        cancels = failed and self._cancel_on_error
        if self._ended and not cancels:
            return
        try:
            yield from self._cancel() if cancels else self._close()
        except (NotFound, Conflict):
            log.info("session %s was closed already", self.id)
        except RuntimeRestError as error:
            if not failed:
                raise
            log.warning("session %s could not be closed: %s", self.id, error)

    def _defaults(self) -> SubmitOptions:
        defaults: SubmitOptions = {"session_id": self.id}
        if self.backend:
            defaults["backend"] = self.backend
        return defaults


class Session(SyncFace, SessionOperations[Job]):
    """A session of a `RuntimeClient`; use it in a `with` statement."""

    _job = Job

    def __enter__(self) -> Session:
        """The session itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; or, after an exception and if that was asked for, cancel."""
        run(self._leave(failed=error is not None), self._connection)


class AsyncSession(AsyncFace, SessionOperations[AsyncJob]):
    """A session of an `AsyncRuntimeClient`; use it in an `async with` statement."""

    _job = AsyncJob

    async def __aenter__(self) -> AsyncSession:
        """The session itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; or, after an exception and if that was asked for, cancel. A cancelled task takes a moment for it."""
        import anyio

        leaving = self._leave(failed=error is not None)
        if not isinstance(error, anyio.get_cancelled_exc_class()):
            return await run_async(leaving, self._connection)
        with anyio.move_on_after(LEAVE_SECONDS, shield=True) as moment:
            await run_async(leaving, self._connection)
        if moment.cancelled_caught:
            log.warning("session %s could not be closed within %g s", self.id, LEAVE_SECONDS)


def _unpickled(
    kind: type[Session] | type[AsyncSession], origin: Origin, session_id: str, raw: dict[str, Any], cancels: bool
) -> Session | AsyncSession:
    return kind(origin, session_id, raw=raw, cancel_on_error=cancels)


class SessionsOperations(Generic[S]):
    """`client.sessions`."""

    _session: type[S]

    def __init__(self, connection: Connection, *, submitter: Submitter, poll_interval: PollInterval | None) -> None:
        """Made by the client."""
        self._connection = connection
        self._submitter = submitter
        self._poll_interval = poll_interval

    def __repr__(self) -> str:
        """Which instance on which host; never a secret."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    @operation
    def get(self, session_id: str) -> Plan[S]:
        """The session with this id. Raises: InvalidInput, NotFound, ApiError. Source: operation `get_session`."""
        if not isinstance(session_id, str) or not session_id:
            raise InvalidInput(f"session_id={session_id!r} is no session's id.")
        response = yield from fetch(sessions_api.get_session, id=session_id)
        return self._handle(json_object(response), session_id)

    def _create(self, backend: str | Named, mode: str, max_time: float | None, cancel_on_error: bool) -> Plan[S]:
        from qiskit_runtime_api.models import SessionRequest

        if mode not in MODES:
            raise InvalidInput(f"mode={mode!r}: a session is {' or '.join(MODES)}.")
        body: dict[str, Any] = {"mode": mode, "backend": backend_name(backend)}
        if max_time is not None:
            body["max_ttl"] = whole_seconds(max_time, "max_time", most=LONGEST_LIFE_SECONDS)
        response = yield from fetch(sessions_api.create_session, body=SessionRequest.from_dict(body))
        created = json_object(response)
        if member_text(created, "id") is None:
            raise unexpected_answer(response, "the answer names no session")
        asked = {name: value for name, value in body.items() if created.get(name) is None}
        return self._handle({**created, **asked}, created["id"], cancel_on_error=cancel_on_error)

    def _handle(self, raw: dict[str, Any], session_id: str, *, cancel_on_error: bool = False) -> S:
        return self._session(
            self._connection,
            session_id,
            raw=raw,
            submitter=self._submitter,
            poll_interval=self._poll_interval,
            cancel_on_error=cancel_on_error,
        )


class Sessions(SyncFace, SessionsOperations[Session]):
    """`client.sessions` of a `RuntimeClient`."""

    _session = Session

    def create(
        self,
        *,
        backend: str | Named,
        mode: str = "dedicated",
        max_time: float | None = None,
        cancel_on_error: bool = False,
    ) -> Session:
        """Open a session.

        Args:
            backend: name or handle of the backend of all its jobs.
            mode: `dedicated` (the backend waits for you) or `batch` (jobs are known beforehand; every plan has it).
            max_time: seconds until it is closed for good, a fraction rounded up; None: the service's default of 8
                hours, or the plan's.
            cancel_on_error: when an exception leaves the `with` block, cancel its queued jobs instead of closing.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `create_session`.
        """
        return run(self._create(backend, mode, max_time, cancel_on_error), self._connection)


class Opening(Awaitable[AsyncSession]):
    """A session being opened: `await` it, or use it in `async with` at once. Once open, it is the same session."""

    def __init__(self, plan: Callable[[], Plan[AsyncSession]], connection: Connection) -> None:
        """Nothing is sent before it is awaited."""
        self._plan = plan
        self._connection = connection
        self._session: AsyncSession | None = None

    def __await__(self) -> Generator[Any, None, AsyncSession]:
        """Open the session."""
        return self.__aenter__().__await__()

    async def __aenter__(self) -> AsyncSession:
        """Open the session."""
        if self._session is None:
            self._session = await run_async(self._plan(), self._connection)
        return self._session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the session."""
        if self._session is not None:
            await self._session.__aexit__(kind, error, trace)


class AsyncSessions(AsyncFace, SessionsOperations[AsyncSession]):
    """`client.sessions` of an `AsyncRuntimeClient`."""

    _session = AsyncSession

    def create(
        self,
        *,
        backend: str | Named,
        mode: str = "dedicated",
        max_time: float | None = None,
        cancel_on_error: bool = False,
    ) -> Opening:
        """As `Sessions.create`: await it, or use it in `async with` at once."""
        return Opening(lambda: self._create(backend, mode, max_time, cancel_on_error), self._connection)
