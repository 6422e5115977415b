"""The arguments of both clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...config.options import SettingsOptions

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_runtime_api.http_library import httpx

    from ...config.settings import Settings
    from ...http.retry_policy import RetryPolicy
    from ...plans.clock import Clock
    from ...submission import SubmissionPolicy
    from ...waiting import PollInterval

__all__ = ["ClientOptions"]


class ClientOptions(SettingsOptions, total=False):
    """Arguments of `RuntimeClient` and `AsyncRuntimeClient`: those of `Settings`, and these.

    Keys:
        settings: ready-made settings, in place of the arguments of `Settings`.
        auth: an `httpx.Auth`, in place of API key and token.
        retries: when failed requests are sent again.
        poll_interval: how often a wait looks at a job.
        submission: what happens when the outcome of a submission is unknown, or the service has no room.
        journal: write each submission to a file before it is sent, so that a crash loses none; True: to the state
            file, or the path of a file.
        state_path: the state file, in place of the one in the user's state directory.
        clock: the clock of all waits; for tests.
        job_class: the class of the jobs, a subclass of `Job` (`AsyncJob` with an `AsyncRuntimeClient`).
        transport: an `httpx.BaseTransport` (`httpx.AsyncBaseTransport`). It takes the place of the proxies and
            certificates of the settings and the environment.
        limits: connections and keep-alive, an `httpx.Limits`.
        event_hooks: functions that httpx calls with each request and response; they come after the client's own. With
            an `AsyncRuntimeClient` they are coroutine functions.
        http_options: further arguments of `httpx.Client` (`httpx.AsyncClient`), such as `http2` and `trust_env`.
    """

    settings: Settings | None
    auth: httpx.Auth | None
    retries: RetryPolicy | None
    poll_interval: PollInterval | None
    submission: SubmissionPolicy | None
    journal: bool | str | Path
    state_path: str | Path | None
    clock: Clock | None
    job_class: type[Any] | None
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None
    limits: httpx.Limits | None
    event_hooks: Mapping[str, Sequence[Callable[..., Any]]] | None
    http_options: Mapping[str, Any] | None
