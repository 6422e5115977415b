"""What the tests of projects that build on the service need: the embedded service, and clients of it.

A project that installs `qiskit-runtime-rest[emulator]` has these pytest fixtures without configuration; they come
from `qiskit_runtime_rest.pytest_plugin`:

| fixture | what it is | lives for |
|---|---|---|
| `qiskit_runtime_emulator` | the running `Emulator`, for each test as at its start | a test |
| `runtime_client` | a `RuntimeClient` of it | a test |
| `async_runtime_client` | an `AsyncRuntimeClient` of it, for whichever plugin runs the asynchronous test | a test |
| `runtime_faults` | its fault rules, none at first and none afterwards | a test |
| `qiskit_runtime_cassette` | recorded reality in the service's place, see `docs/cassettes.md` | a test |
| `qiskit_runtime_server` | the same `Emulator`, never reset | all tests |
| `qiskit_runtime_options` | what it starts with, see `emulator.options.Options`; override it to choose | all tests |

    def test_counts_are_read_again_after_an_outage(runtime_client, runtime_faults):
        runtime_faults.add("get_job_results", kind="unavailable", times=2)
        job = runtime_client.sampler(circuit, backend="ibm_torino")
        assert my_project.counts_of(job)

One server serves all tests of a process (of each worker, with pytest-xdist). Clients of other makes connect with
`qiskit_runtime_emulator.base_url`, `.iam_url`, `.api_key` and `.instance`.

Without pytest:

    with Emulator() as emulator, connect(emulator) as client:
        ...
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

import httpx

from .client.client import AsyncRuntimeClient, RuntimeClient
from .errors import MissingExtra
from .http.auth import ApiKeyAuth

try:
    from .emulator.embedded import Emulator
except ModuleNotFoundError as error:
    raise MissingExtra("the embedded service", extra="emulator", module=error.name) from None

__all__ = ["Emulator", "connect", "connect_async"]


def connect(emulator: Emulator, **choices: Any) -> RuntimeClient:
    """A client of a running emulator, whatever the environment says; `choices` are those of `RuntimeClient`."""
    return RuntimeClient(**_settings(emulator), **choices)


def connect_async(emulator: Emulator, **choices: Any) -> AsyncRuntimeClient:
    """A client of a running emulator, whatever the environment says; `choices` are those of `AsyncRuntimeClient`.

    It keeps no connection open between requests: it need not be closed, and can be used in one event loop after
    the other.
    """
    auth = _HangingUp(emulator.api_key, iam_url=emulator.iam_url, base_url=emulator.base_url)
    return AsyncRuntimeClient(**_settings(emulator), **{"auth": auth, **choices})


def _settings(emulator: Emulator) -> dict[str, Any]:
    return {
        "api_key": emulator.api_key,
        "instance": emulator.instance,
        "base_url": emulator.base_url,
        "iam_url": emulator.iam_url,
        "submissions_per_minute": None,
        # It speaks http; loading certificates would take longer than most tests.
        "verify": False,
    }


class _HangingUp(ApiKeyAuth):
    """Asks for the end of the connection with each request.

    Fixtures end outside the event loop that their test ran in, too late to close its connections.
    """

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        raise NotImplementedError("Only for asynchronous clients.")

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        steps = super().async_auth_flow(request)
        step = await anext(steps)
        while True:
            step.headers["Connection"] = "close"
            response = yield step
            try:
                step = await steps.asend(response)
            except StopAsyncIteration:
                return
