"""Sessions and batches: groups of jobs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from qiskit_runtime_api.api import sessions as sessions_api
from qiskit_runtime_api.api import workloads as workloads_api
from qiskit_runtime_api.http_library import httpx

from ...arguments import Named, backend_name, is_one_of, positive_whole, whole_seconds
from ...base.html import facts_table
from ...base.json_members import member_moment, member_object, member_text
from ...base.text import also_half_built, printable, shown
from ...config.state_file import State
from ...errors import Conflict, InvalidInput, NotFound, RuntimeRestError
from ...http import Connection, Origin
from ...http.calls import fetch, json_object
from ...http.error_mapping import modelled, unexpected_answer
from ...plans.deadline import end_by
from ...plans.plan import Plan, run, run_async
from ...submission import SubmissionLimiter, SubmissionPolicy, Submitter
from ...waiting import CHECKS_FOR_MISSING, JobPages, PollInterval, WaitBudget
from ..listing import Listing
from .handle import Handle
from .job_group import JobGroup
from .public import call_deadline, public
from .submit import J, SubmitLogic

if TYPE_CHECKING:
    from qiskit_runtime_api.models import Session as SessionModel

    from ...config.job_options import SessionSubmitOptions
    from ..job import AsyncJob, Job  # noqa: F401 - in the bases below, as texts
    from ..sessions import AsyncSession

__all__ = ["AsyncSessionLogic", "AsyncSessionsLogic", "S", "SessionLogic", "SessionsLogic", "SyncSessionLogic"]

log = logging.getLogger("qiskit_runtime_rest.sessions")

MODES = ("batch", "dedicated")
CLOSED = "closed"
LEAVE_SECONDS = 10.0
"""Longest time, in seconds, that a cancelled task takes to close its session."""

WORKLOAD_MODES = {"batch": "batch", "dedicated": "session"}
"""The modes of sessions, by the words that the list of workloads has for them."""

WORKLOADS = 50
"""Sessions to list, without another limit."""

LARGEST_PAGE = 50
"""Longest page of workloads."""

LONGEST_LIFE_SECONDS = 2**31 - 1
"""`max_ttl` is of the format int32 in the contract."""

S = TypeVar("S", bound="SessionLogic[Any]")
T = TypeVar("T")  # jedi takes `Self` for the class that defines the method, not for the subclass


class SessionLogic(Handle, SubmitLogic[J]):
    """A session. As a context manager it closes at the end of the block; queued jobs still run.

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
        job_class: type[J] | None = None,
    ) -> None:
        """Made by `client.sessions`."""
        super().__init__(connection)
        self.id = session_id
        self.raw = raw
        self._own_submitter = submitter
        self._poll_interval = poll_interval or PollInterval()
        self._cancel_on_error = cancel_on_error
        if job_class is not None:
            self._job = job_class
        self._ended = False

    @also_half_built
    def __repr__(self) -> str:
        """Id, mode, backend and state, if known."""
        known = [self.id, self.raw.get("mode"), self.backend, self.raw.get("state") or self.raw.get("status")]
        return printable(f"<{type(self).__name__} {' '.join(str(fact) for fact in known if fact)}>")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle id, origin and `raw`: no credentials."""
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

    def facts(self) -> dict[str, Any]:
        """What is known of the session, as last read: for tables of sessions."""
        return {
            "id": self.id,
            "mode": self.raw.get("mode"),
            "state": self.raw.get("state") or self.raw.get("status"),
            "backend": self.backend,
            "created": member_moment(self.raw, "created") or member_moment(self.raw, "started_at"),
        }

    def _repr_html_(self) -> str:
        return facts_table(self.facts())

    @property
    def backend(self) -> str | None:
        """Name of the session's backend, if known."""
        return member_text(self.raw, "backend_name") or member_text(self.raw, "backend")

    @property
    def details(self) -> SessionModel:
        """The session as last read, as the generated model `Session`.

        Raises:
            UnexpectedAnswer: the session's JSON does not match the contract; it is in `raw`.
        """
        from qiskit_runtime_api.models import Session as SessionModel

        return modelled(SessionModel, self.raw, what=f"session {self.id}")

    @public("sessions.get_session")
    def _status(self) -> Plan[str]:
        """The session's state now: open, active, inactive or closed; the service may use further words.

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

    @public("sessions.get_session", "jobs.list_jobs", "jobs.get_job")
    def _wait(self, *, timeout: float | None = None, stop: threading.Event | None = None) -> Plan[Listing[J]]:
        """Wait until the session is closed and its jobs have ended, and return its jobs, oldest first.

        A session closes some time after `close()` or `cancel()`, when it was not used for a while, or at its maximum
        time. The `failure` of a job says how it ended, and its `result()` reads the result.

        Args:
            timeout: seconds for all together; None waits without a limit.
            stop: an event that ends the wait of a thread when it is set. (Cancel a task instead.)

        Raises:
            InvalidInput: `timeout` is not a number of seconds.
            WaitTimeout, WaitStopped: the wait ended; the session, or its jobs in the error's `job_ids`, go on.
            NotFound: the session does not exist.
            ApiError, TransportError: the service gave no usable answer for a long time.

        Source: operations `get_session`, `list_jobs`, `get_job`.
        """
        budget = WaitBudget(clock=self._connection.clock, poll_interval=self._poll_interval, timeout=timeout, stop=stop)
        listed = yield from self._jobs_when_closed(budget)
        jobs = [self._job(self._connection, job["id"], raw=job, poll_interval=self._poll_interval) for job in listed]
        handles = JobGroup(jobs, budget=budget)
        while handles.left:
            yield from handles.next_ended()
        return Listing(jobs)

    def _jobs_when_closed(self, budget: WaitBudget) -> Plan[list[dict[str, Any]]]:
        """The JSON of the session's jobs, listed once it is closed and takes no more."""
        state: str | None = None
        gone: NotFound | None = None
        changed, missing = budget.clock.monotonic(), 0
        while True:
            with budget.check(f"session {self.id}"):
                try:
                    if state != CLOSED:
                        response = yield from self._refresh(budget.left)
                        if member_text(self.raw, "state") is None:
                            raise unexpected_answer(response, "the response contains no session state")
                        budget.record_response(response)
                except NotFound as failure:
                    missing += 1
                    gone = failure if missing >= CHECKS_FOR_MISSING else None
                    if gone is None:
                        budget.record_failure(failure, f"session {self.id}")
                else:
                    missing, gone = 0, None
                    if self._state() != state:
                        state, changed = self._state(), budget.clock.monotonic()
                    if state == CLOSED and (jobs := (yield from self._listed(budget))) is not None:
                        return jobs
            if gone is not None:
                raise gone
            yield from budget.pause(changed=changed, left={"job_id": "", "status": state, "session_id": self.id})

    def _listed(self, budget: WaitBudget) -> Plan[list[dict[str, Any]] | None]:
        """The JSON of the session's jobs; None: the time ended first."""
        pages = JobPages(session_id=self.id, sort="ASC", budget=lambda: budget.left)
        jobs = yield from pages.next()
        while not pages.done:
            if budget.is_used_up:
                return None
            jobs += yield from pages.next()
        return jobs

    @public("sessions.update_session")
    def _close(self) -> Plan[None]:
        """Accept no more jobs; queued jobs still run. Raises: ApiError. Source: operation `update_session`."""
        from qiskit_runtime_api.models import SessionUpdate

        yield from fetch(sessions_api.update_session, id=self.id, body=SessionUpdate(accepting_jobs=False))
        self._ended = True

    @public("sessions.close_session")
    def _cancel(self) -> Plan[None]:
        """End the session; queued jobs do not run. Raises: ApiError. Source: operation `delete_session_close`."""
        yield from fetch(sessions_api.close_session, id=self.id)
        self._ended = True

    def _leave(self, *, failed: bool) -> Plan[None]:
        """End the session, unless the block did. An error of the block is not replaced by one of this."""
        cancels = failed and self._cancel_on_error
        if self._ended and not cancels:
            return
        try:
            yield from self._cancel() if cancels else self._close()
        except (NotFound, Conflict):
            log.info("session %s was already closed", self.id)
        except RuntimeRestError as error:
            if not failed:
                raise
            log.warning("session %s could not be closed: %s", self.id, error)

    def _defaults(self) -> SessionSubmitOptions:
        defaults: SessionSubmitOptions = {"session_id": self.id}
        if self.backend:
            defaults["backend"] = self.backend
        return defaults


def opened(body: dict[str, Any]) -> Plan[dict[str, Any]]:
    """Open a session, and return its JSON. Raises: ApiError, TransportError. Source: operation `create_session`."""
    from qiskit_runtime_api.models import SessionRequest

    response = yield from fetch(sessions_api.create_session, body=SessionRequest.from_dict(body))
    created = json_object(response)
    if member_text(created, "id") is None:
        raise unexpected_answer(response, "the response contains no session id")
    return {**created, **{name: value for name, value in body.items() if created.get(name) is None}}


class SyncSessionLogic(SessionLogic["Job"]):
    """What a session of threads does when its `with` block ends."""

    def __enter__(self: T) -> T:
        """The session itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session; after an exception, cancel it if it was created with `cancel_on_error`."""
        run(self._leave(failed=error is not None), self._connection)


class AsyncSessionLogic(SessionLogic["AsyncJob"]):
    """What a session of tasks does when its `async with` block ends."""

    async def __aenter__(self: T) -> T:
        """The session itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `Session.__exit__`, awaited. A cancelled task may take some seconds for it."""
        import anyio

        leaving = self._leave(failed=error is not None)
        if not isinstance(error, anyio.get_cancelled_exc_class()):
            return await run_async(leaving, self._connection)
        with anyio.move_on_after(LEAVE_SECONDS, shield=True) as moment:
            await run_async(leaving, self._connection)
        if moment.cancelled_caught:
            log.warning("session %s could not be closed within %g s", self.id, LEAVE_SECONDS)


def _unpickled(
    kind: type[SessionLogic[Any]], origin: Origin, session_id: str, raw: dict[str, Any], cancels: bool
) -> SessionLogic[Any]:
    return kind(origin, session_id, raw=raw, cancel_on_error=cancels)


class SessionsLogic(Generic[S]):
    """`client.sessions`."""

    _session: type[S]

    def __init__(
        self, connection: Connection, *, submitter: Submitter, poll_interval: PollInterval | None, job_class: type[Any]
    ) -> None:
        """Made by the client."""
        self._connection = connection
        self._submitter = submitter
        self._poll_interval = poll_interval
        self._job_class = job_class

    @also_half_built
    def __repr__(self) -> str:
        """Instance and host."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    @public("sessions.get_session")
    def _get(self, session_id: str) -> Plan[S]:
        """The session with this id. Raises: InvalidInput, NotFound, ApiError. Source: operation `get_session`."""
        if not isinstance(session_id, str) or not session_id:
            raise InvalidInput(f"session_id={shown(session_id)}: expected a session id.")
        response = yield from fetch(sessions_api.get_session, id=session_id)
        return self._handle(json_object(response), session_id)

    @public("workloads.list_workloads")
    def _list(self, *, mode: str | None = None, backend: str | None = None, limit: int = WORKLOADS) -> Plan[Listing[S]]:
        """The sessions and batches of the instance, newest first.

        Args:
            mode: `dedicated` or `batch`; None for both.
            backend: only those on this backend.
            limit: the largest number of them.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `find_instance_workloads`.
        """
        if mode is not None and not is_one_of(mode, MODES):
            raise InvalidInput(f"mode={shown(mode)}: must be {' or '.join(MODES)}.")
        most = positive_whole(limit, "limit")
        listed: list[dict[str, Any]] = []
        for one in MODES if mode is None else (mode,):
            listed += yield from _workloads(WORKLOAD_MODES[one], backend=backend, most=most)
        listed.sort(key=lambda raw: member_text(raw, "created") or "", reverse=True)
        return Listing(self._handle(raw, raw["id"]) for raw in listed[:most])

    @public("sessions.create_session")
    def _create(
        self,
        *,
        backend: str | Named,
        mode: str = "dedicated",
        max_time: float | None = None,
        cancel_on_error: bool = False,
    ) -> Plan[S]:
        """Open a session.

        Args:
            backend: name or handle of the backend that runs all its jobs.
            mode: `dedicated` (the backend waits for your jobs) or `batch` (the jobs are known beforehand; every plan
                offers it).
            max_time: seconds after which the session is closed, rounded up; None: the service's default of 8 hours,
                or the plan's.
            cancel_on_error: when an exception leaves the `with` block, let its queued jobs fail instead of closing.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `create_session`.
        """
        if not is_one_of(mode, MODES):
            raise InvalidInput(f"mode={shown(mode)}: must be {' or '.join(MODES)}.")
        body: dict[str, Any] = {"mode": mode, "backend": backend_name(backend)}
        if max_time is not None:
            body["max_ttl"] = whole_seconds(max_time, "max_time", most=LONGEST_LIFE_SECONDS)
        raw = yield from opened(body)
        return self._handle(raw, raw["id"], cancel_on_error=cancel_on_error)

    def _handle(self, raw: dict[str, Any], session_id: str, *, cancel_on_error: bool = False) -> S:
        return self._session(
            self._connection,
            session_id,
            raw=raw,
            submitter=self._submitter,
            poll_interval=self._poll_interval,
            cancel_on_error=cancel_on_error,
            job_class=self._job_class,
        )


def _workloads(mode: str, *, backend: str | None, most: int) -> Plan[list[dict[str, Any]]]:
    """The JSON of the newest workloads of one mode, `most` at most, page by page."""
    from qiskit_runtime_api.models import ListWorkloadsSort, WorkloadMode

    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"sort": ListWorkloadsSort("-createdAt"), "mode": WorkloadMode(mode)}
    if backend is not None:
        query["backend"] = backend
    while len(found) < most:
        response = yield from fetch(workloads_api.list_workloads, limit=min(most - len(found), LARGEST_PAGE), **query)
        page = json_object(response)
        workloads = page.get("workloads")
        if not isinstance(workloads, list) or not all(member_text(one, "id") for one in workloads):
            raise unexpected_answer(response, "the response contains no list of workloads")
        found += [one for one in workloads if one.get("mode") == mode]
        cursor = httpx.URL(member_text(member_object(page, "next"), "href") or "").params.get("next")
        if not workloads or not cursor or cursor == query.get("next_"):
            break
        query["next_"] = cursor
    return found


class Opening(Awaitable["AsyncSession"]):
    """A session that is being opened: `await` it, or use it in `async with` directly. It opens only one session."""

    def __init__(
        self, plan: Callable[[], Plan[AsyncSession]], connection: Connection, *, timeout: float | None
    ) -> None:
        """Nothing is sent before it is awaited."""
        self._plan = plan
        self._connection = connection
        self._timeout = timeout
        self._session: AsyncSession | None = None

    def __await__(self) -> Generator[Any, None, AsyncSession]:
        """Open the session."""
        return self.__aenter__().__await__()

    async def __aenter__(self) -> AsyncSession:
        """Open the session."""
        if self._session is None:
            with end_by(call_deadline(self._timeout, self._connection)):
                self._session = await run_async(self._plan(), self._connection)
        return self._session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the session."""
        if self._session is not None:
            await self._session.__aexit__(kind, error, trace)


class AsyncSessionsLogic(SessionsLogic["AsyncSession"]):
    """`client.sessions` of an `AsyncRuntimeClient`."""

    def create(
        self,
        *,
        backend: str | Named,
        mode: str = "dedicated",
        max_time: float | None = None,
        cancel_on_error: bool = False,
        timeout: float | None = None,
    ) -> Opening:
        """As `Sessions.create`: await it, or use it in `async with` directly."""
        return Opening(
            lambda: self._create(backend=backend, mode=mode, max_time=max_time, cancel_on_error=cancel_on_error),
            self._connection,
            timeout=timeout,
        )
