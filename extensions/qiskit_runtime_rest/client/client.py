"""The clients: everything the service offers, from one object."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self

from ..base.json_members import member_text
from ..config.settings import Settings
from ..config.state_file import State
from ..http import Connection
from ..http.calls import fetch, json_object
from ..http.error_mapping import unexpected_answer
from ..plans.effects import InThread
from ..plans.faces import AsyncFace, SyncFace, operation
from ..plans.plan import Plan
from .submit import J, SubmitOperations

if TYPE_CHECKING:
    import ssl
    from datetime import date
    from types import TracebackType

    import httpx

    from qiskit_runtime_api.models import InstanceUsage

    from ..config.settings import Validate
    from ..http import RetryPolicy
    from ..http.api import ApiClient
    from ..plans.clock import Clock
    from ..results import Result
    from ..submission import SubmissionPolicy, Submitter
    from ..waiting import PollInterval
    from .backends import AsyncBackends, Backends
    from .instances import AsyncInstances, Instances
    from .job import AsyncJob, Job
    from .jobs import AsyncJobs, Jobs
    from .sessions import AsyncSessions, Sessions

__all__ = ["AsyncRuntimeClient", "RuntimeClient"]


class ClientOperations(SubmitOperations[J]):
    """What both clients are. Constructing one reads settings and sends nothing.

    What the service has (`backends`, `jobs`, `sessions`, `instances`) is imported when it is first used.

    Attributes:
        settings: the resolved `Settings`.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        instance: str | None = None,
        base_url: str | None = None,
        iam_url: str | None = None,
        api_version: str | date | None = None,
        timeout: float | httpx.Timeout | None = None,
        verify: bool | str | Path | ssl.SSLContext | None = None,
        submissions_per_minute: float | str | None = "default",
        token: str | None = None,
        proxies: Mapping[str, str] | None = None,
        application: str | None = None,
        save_to: str | Path | None = None,
        token_cache: bool | str | Path | None = None,
        validate: Validate | Literal["off"] | None = None,
        account: str | None = None,
        account_path: str | Path | None = None,
        settings: Settings | None = None,
        auth: httpx.Auth | None = None,
        retries: RetryPolicy | None = None,
        poll_interval: PollInterval | None = None,
        submission: SubmissionPolicy | None = None,
        journal: bool | str | Path = False,
        state_path: str | Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Every argument is optional; see `Settings` for those up to `account_path`.

        Args:
            settings: ready-made settings, in place of all arguments before.
            auth: an `httpx.Auth` of your own, in place of API key or token.
            retries: when failed requests are sent again.
            poll_interval: how often jobs are looked at while waiting.
            submission: what is done when the outcome of a submission is unknown, or the service has no room.
            journal: write each submission down before it is sent, so that a crash loses none; True: in the state
                file, or the path of a file.
            state_path: the state file, in place of the one in the user's state directory.
            clock: the time to wait by; for tests.

        Raises:
            ConfigurationError: something is missing or cannot work; the message says what to do.

        Warns:
            DeprecationWarning: the API version is switched off within 90 days; once a process.
        """
        from ..config.sunsets import warn_in_time

        self.settings = settings or Settings(
            api_key=api_key,
            token=token,
            instance=instance,
            base_url=base_url,
            iam_url=iam_url,
            api_version=api_version,
            timeout=timeout,
            verify=verify,
            submissions_per_minute=submissions_per_minute,
            proxies=proxies,
            application=application,
            save_to=save_to,
            token_cache=token_cache,
            validate=validate,
            account=account,
            account_path=account_path,
        )
        self._state = state = State(Path(state_path) if state_path is not None else None)
        self._connection = Connection(self.settings, auth=auth, clock=clock, retries=retries, state=state)
        warn_in_time(self.settings, state=state, now=self._connection.clock.time(), stacklevel=2)
        self._poll_interval = poll_interval
        self._submitter = _submitter(self.settings, submission, journal, state, self._connection.clock)

    def __repr__(self) -> str:
        """Which instance on which host; never a secret."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    def __reduce__(self) -> NoReturn:
        """Refuse: credentials stay where they are. JobGroup of jobs and sessions pickle without them.

        Raises:
            TypeError: says what pickles.
        """
        self._connection.__reduce__()

    @property
    def api(self) -> ApiClient:
        """The generated client, authenticated, e.g. for `jobs.get_job.sync(client=client.api, id=...)`."""
        return self._connection.api

    @operation
    def usage(self) -> Plan[InstanceUsage]:
        """As `instances.usage`."""
        from .instances import get_usage

        return (yield from get_usage())

    @operation
    def versions(self) -> Plan[list[dict[str, Any]]]:
        """The service's API versions, each an object with `version`, and `status` and `sunset_date` where known.

        Kept in the state file, for the warning before a version is switched off.

        Raises: ApiError, TransportError. Source: operation `get_versions`; older versions of it list bare texts.
        """
        from qiskit_runtime_api.api import versions as versions_api

        from ..config.sunsets import remember

        response = yield from fetch(versions_api.get_versions)
        listed = json_object(response).get("versions")
        entries: list[Any] = listed if isinstance(listed, list) else [None]
        versions = [{"version": entry} if isinstance(entry, str) else entry for entry in entries]
        if not all(member_text(entry, "version") for entry in versions):
            raise unexpected_answer(response, "the answer holds no list of versions")
        yield InThread(lambda: remember(versions, service=self.settings.base_url, state=self._state))
        return versions


def _submitter(
    settings: Settings, policy: SubmissionPolicy | None, journal: bool | str | Path, state: State, clock: Clock
) -> Submitter:
    from ..submission import Journal, SubmissionLimiter, SubmissionPolicy, Submitter

    kept = state if isinstance(journal, bool) else State(Path(journal))
    return Submitter(
        policy or SubmissionPolicy(),
        limiter=SubmissionLimiter(settings.submissions_per_minute, user=settings.user, state=state, clock=clock),
        journal=Journal(kept, service=settings.base_url, instance=settings.instance or "") if journal else None,
        clock=clock,
    )


class RuntimeClient(SyncFace, ClientOperations["Job"]):
    """Client for scripts and threads, which may share it. Close it, or use it in a `with` statement."""

    @property
    def _job(self) -> type[Job]:
        from .job import Job

        return Job

    @cached_property
    def backends(self) -> Backends:
        """The machines and simulators."""
        from .backends import Backends

        return Backends(self._connection)

    @cached_property
    def jobs(self) -> Jobs:
        """Jobs: submit them, find them, wait for many."""
        from .jobs import Jobs

        return Jobs(self._connection, submitter=self._submitter, poll_interval=self._poll_interval)

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions and batches."""
        from .sessions import Sessions

        return Sessions(self._connection, submitter=self._submitter, poll_interval=self._poll_interval)

    @cached_property
    def instances(self) -> Instances:
        """The instance: its plan, its limits, what it has used."""
        from .instances import Instances

        return Instances(self._connection)

    @staticmethod
    def load_result(path: str | Path) -> Result:
        """The result that `save_to` kept at `path`; needs neither the service nor any settings.

        Raises:
            ResultUnavailable: there is no such file, or it cannot be read.
            ResultDecodeError: it is damaged.
        """
        from ..results import load_result

        return load_result(path)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()


class AsyncRuntimeClient(AsyncFace, ClientOperations["AsyncJob"]):
    """Client for tasks: as `RuntimeClient`, awaited. Close it, or use it in an `async with` statement."""

    @property
    def _job(self) -> type[AsyncJob]:
        from .job import AsyncJob

        return AsyncJob

    @cached_property
    def backends(self) -> AsyncBackends:
        """The machines and simulators."""
        from .backends import AsyncBackends

        return AsyncBackends(self._connection)

    @cached_property
    def jobs(self) -> AsyncJobs:
        """Jobs: submit them, find them, wait for many."""
        from .jobs import AsyncJobs

        return AsyncJobs(self._connection, submitter=self._submitter, poll_interval=self._poll_interval)

    @cached_property
    def sessions(self) -> AsyncSessions:
        """Sessions and batches."""
        from .sessions import AsyncSessions

        return AsyncSessions(self._connection, submitter=self._submitter, poll_interval=self._poll_interval)

    @cached_property
    def instances(self) -> AsyncInstances:
        """The instance: its plan, its limits, what it has used."""
        from .instances import AsyncInstances

        return AsyncInstances(self._connection)

    @staticmethod
    async def load_result(path: str | Path) -> Result:
        """As `RuntimeClient.load_result`, awaited."""
        import anyio.to_thread

        from ..results import load_result

        return await anyio.to_thread.run_sync(load_result, path)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connection.aclose()

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.aclose()
