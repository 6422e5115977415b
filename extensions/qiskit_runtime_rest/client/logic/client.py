"""The clients: everything that the service offers, from one object."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, Unpack

from ...base.json_members import member_text
from ...base.secret import hidden
from ...base.text import also_half_built
from ...http import Connection
from ...http.calls import fetch, json_object
from ...http.error_mapping import unexpected_answer
from ...plans.effects import InThread
from ...plans.plan import Plan
from .public import public
from .submit import J, SubmitLogic, unexpected_argument

if TYPE_CHECKING:
    from types import TracebackType

    from qiskit_runtime_api.models import InstanceUsage

    from ...config.settings import Settings
    from ...config.state_file import State
    from ...http.api import ApiClient
    from ...plans.clock import Clock
    from ...results import Result
    from ...submission import SubmissionPolicy, Submitter
    from ..backends import AsyncBackends, Backends
    from ..instances import AsyncInstances, Instances
    from ..job import AsyncJob, Job
    from ..jobs import AsyncJobs, Jobs
    from ..sessions import AsyncSessions, Sessions
    from .options import ClientOptions

__all__ = ["AsyncClientLogic", "ClientLogic", "SyncClientLogic"]

T = TypeVar("T")  # jedi takes `Self` for the class that defines the method, not for the subclass

HTTP_OPTIONS = ("transport", "limits", "event_hooks")


class ClientLogic(SubmitLogic[J]):
    """What both clients share. Creating one reads settings, and sends nothing unless the instance is given by name.

    `backends`, `jobs`, `sessions` and `instances` are imported when they are first used.

    Attributes:
        settings: the resolved `Settings`.
    """

    _job_class: type[J] | None

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        """Every argument is optional: see `ClientOptions`, and `Settings` for those that it shares with them.

        Raises:
            ConfigurationError: something is missing or cannot work; the message says what to do.
            ApiError, TransportError: the instance is given by name, and cannot be looked up.

        Warns:
            DeprecationWarning: the API version is switched off within 90 days; once per process.
        """
        from ...config.options import SettingsOptions
        from ...config.settings import Settings
        from ...config.state_file import State
        from ...config.sunsets import warn_in_time
        from .option_checks import check_options
        from .options import ClientOptions

        given: dict[str, Any] = hidden(options)
        del options
        for name in given:
            if name not in ClientOptions.__annotations__:
                raise unexpected_argument(type(self), name, ClientOptions.__annotations__)
        check_options(given)
        of_settings = {name: given[name] for name in SettingsOptions.__annotations__ if name in given}
        self.settings = given.get("settings") or Settings(**of_settings)
        if self.settings.instance_name is not None:
            from ...http.instance_search import named_instance

            self.settings = named_instance(self.settings)
        path = given.get("state_path")
        self._state = state = State(Path(path) if path is not None else None)
        http = {name: given[name] for name in HTTP_OPTIONS if given.get(name) is not None}
        self._connection = Connection(
            self.settings,
            auth=given.get("auth"),
            clock=given.get("clock"),
            retries=given.get("retries"),
            state=state,
            http_options={**(given.get("http_options") or {}), **http},
        )
        clock = self._connection.clock
        warn_in_time(self.settings, state=state, now=clock.time())
        self._poll_interval = given.get("poll_interval")
        self._job_class = given.get("job_class")
        self._submitter = _submitter(self.settings, given.get("submission"), given.get("journal", False), state, clock)

    @also_half_built
    def __repr__(self) -> str:
        """Instance and host."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    def __reduce__(self) -> NoReturn:
        """A client does not pickle, since it holds credentials. Handles of jobs and sessions pickle without them.

        Raises:
            TypeError: says what pickles.
        """
        self._connection.__reduce__()

    @property
    def api(self) -> ApiClient:
        """The generated client, authenticated: `qiskit_runtime_api.api.jobs.get_job.sync(client=client.api, ...)`."""
        return self._connection.api

    @public("instances.get_instance_usage")
    def _usage(self) -> Plan[InstanceUsage | None]:
        """As `instances.usage`: what is used and allowed, or None. Raises: ApiError. Source: `get_usage`."""
        from .instances import InstancesLogic

        return (yield from InstancesLogic(self._connection)._usage())

    @public("versions.get_versions")
    def _versions(self) -> Plan[list[dict[str, Any]]]:
        """The API versions of the service: objects with `version`, and with `status` and `sunset_date` if known.

        The state file keeps them, for the warning before a version is switched off.

        Raises: ApiError, TransportError. Source: operation `get_versions`; older versions of it list plain texts.
        """
        from qiskit_runtime_api.api import versions as versions_api

        from ...config.sunsets import remember

        response = yield from fetch(versions_api.get_versions)
        listed = json_object(response).get("versions")
        entries: list[Any] = listed if isinstance(listed, list) else [None]
        versions = [{"version": entry} if isinstance(entry, str) else entry for entry in entries]
        if not all(member_text(entry, "version") for entry in versions):
            raise unexpected_answer(response, "the response contains no list of versions")
        yield InThread(lambda: remember(versions, service=self.settings.base_url, state=self._state))
        return versions


def _submitter(
    settings: Settings, policy: SubmissionPolicy | None, journal: bool | str | Path, state: State, clock: Clock
) -> Submitter:
    from ...config.state_file import State
    from ...submission import Journal, SubmissionLimiter, SubmissionPolicy, Submitter

    kept = State(Path(journal)) if isinstance(journal, str | Path) else state
    return Submitter(
        policy or SubmissionPolicy(),
        limiter=SubmissionLimiter(settings.submissions_per_minute, user=settings.user, state=state, clock=clock),
        journal=Journal(kept, service=settings.base_url, instance=settings.instance or "") if journal else None,
        clock=clock,
    )


class SyncClientLogic(ClientLogic["Job"]):
    """The parts of a client for scripts and threads."""

    @property
    def _job(self) -> type[Job]:  # type: ignore[override]  # imported when it is first used
        from ..job import Job

        return self._job_class or Job

    @cached_property
    def backends(self) -> Backends:
        """The devices and simulators."""
        from ..backends import Backends

        return Backends(self._connection)

    @cached_property
    def jobs(self) -> Jobs:
        """Jobs: submit, list, find, recover, and wait for many."""
        from ..jobs import Jobs

        return Jobs(self._connection, submitter=self._submitter, poll_interval=self._poll_interval, job_class=self._job)

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions and batches."""
        from ..sessions import Sessions

        return Sessions(
            self._connection, submitter=self._submitter, poll_interval=self._poll_interval, job_class=self._job
        )

    @cached_property
    def instances(self) -> Instances:
        """The instance: its plan, its limits and its usage."""
        from ..instances import Instances

        return Instances(self._connection)

    @staticmethod
    def load_result(path: str | Path) -> Result:
        """The result in a file, which `save_to`, the dashboard or `RuntimeEncoder` wrote.

        It needs neither the service nor settings. See `results.load_result` for what it reads.

        Raises:
            ResultUnavailable: there is no such file, or it cannot be read.
            ResultDecodeError: the file is damaged, or has no result.
        """
        from ...results import load_result

        return load_result(path)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def __enter__(self: T) -> T:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()


class AsyncClientLogic(ClientLogic["AsyncJob"]):
    """The parts of a client for tasks."""

    @property
    def _job(self) -> type[AsyncJob]:  # type: ignore[override]  # imported when it is first used
        from ..job import AsyncJob

        return self._job_class or AsyncJob

    @cached_property
    def backends(self) -> AsyncBackends:
        """The devices and simulators."""
        from ..backends import AsyncBackends

        return AsyncBackends(self._connection)

    @cached_property
    def jobs(self) -> AsyncJobs:
        """Jobs: submit, list, find, recover, and wait for many."""
        from ..jobs import AsyncJobs

        return AsyncJobs(
            self._connection, submitter=self._submitter, poll_interval=self._poll_interval, job_class=self._job
        )

    @cached_property
    def sessions(self) -> AsyncSessions:
        """Sessions and batches."""
        from ..sessions import AsyncSessions

        return AsyncSessions(
            self._connection, submitter=self._submitter, poll_interval=self._poll_interval, job_class=self._job
        )

    @cached_property
    def instances(self) -> AsyncInstances:
        """The instance: its plan, its limits and its usage."""
        from ..instances import AsyncInstances

        return AsyncInstances(self._connection)

    @staticmethod
    async def load_result(path: str | Path) -> Result:
        """As `RuntimeClient.load_result`, awaited."""
        import anyio.to_thread

        from ...results import load_result

        return await anyio.to_thread.run_sync(load_result, path)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connection.aclose()

    async def __aenter__(self: T) -> T:
        """The client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.aclose()
