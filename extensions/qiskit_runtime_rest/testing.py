"""For the tests of other projects: the embedded service, and clients that are connected to it.

With `qiskit-runtime-rest[emulator]` installed, pytest has these fixtures without configuration. They are defined in
`qiskit_runtime_rest.pytest_plugin`.

| fixture | value | scope |
|---|---|---|
| `qiskit_runtime_emulator` | the running `Emulator`, reset before each test | function |
| `runtime_client` | a `RuntimeClient` connected to it | function |
| `async_runtime_client` | an `AsyncRuntimeClient` connected to it, for any plugin that runs async tests | function |
| `runtime_faults` | its fault rules; none before and after each test | function |
| `runtime_faulty_proxy` | `runtime_faulty_proxy(rate=0.3, seed=1)`: a started `FaultyProxy` before it | function |
| `ibm_quantum_offline` | the embedded service, reset, behind the names of the real services | function |
| `qiskit_runtime_cassette` | a recorded service instead, see `qrr docs cassettes` | function |
| `qiskit_runtime_server` | the same `Emulator`, never reset | session |
| `qiskit_runtime_options` | its options, see `emulator.options.Options`; override it to change them | session |

    def test_counts_are_read_again_after_an_outage(runtime_client, runtime_faults):
        runtime_faults.add("get_job_results", kind="unavailable", times=2)
        job = runtime_client.sampler(circuit, backend="ibm_fez")
        assert my_project.counts_of(job)

Each process (each worker of pytest-xdist) runs one server. Other clients connect with
`qiskit_runtime_emulator.base_url`, `.iam_url`, `.api_key` and `.instance`.

Without pytest:

    with Emulator() as emulator, connect(emulator) as client:
        ...

Programs that know only the names of the real services, such as those of IBM's SDK, find the embedded service there
(`qrr docs offline`); with pytest, in each test that uses the fixture `ibm_quantum_offline`:

    with offline():
        service = QiskitRuntimeService(token="any", instance="my-instance")
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qiskit_runtime_api.http_library import httpx

from .client.client import AsyncRuntimeClient, RuntimeClient
from .errors import MissingExtra

try:
    from .emulator.embedded import Emulator
    from .emulator.faulty_proxy import FaultyProxy
except ModuleNotFoundError as error:
    raise MissingExtra("the embedded service", extra="emulator", module=error.name) from None

if TYPE_CHECKING:
    from .offline import Offline

__all__ = ["Emulator", "FaultyProxy", "connect", "connect_async", "offline"]

NO_KEEP_ALIVE = httpx.Limits(max_keepalive_connections=0)


@contextlib.contextmanager
def offline(**choices: Any) -> Iterator[Offline]:
    """Put the embedded service behind the names of the real services, for this process and those that it starts.

    Environment variables do it: HTTP clients that read them when they are made, or at each request, are led there. All
    other hosts are refused, except those of this machine.

    Args:
        choices: `instances` (names or CRNs that the program looks up; those in `QISKIT_IBM_INSTANCE` and in the account
            file are known), `live`, `era`, and options of the embedded service, such as `seed`.

    Returns:
        The running services: `emulator` is the embedded one, and `report()` says what was connected to and refused.

    Raises:
        MissingExtra: the extra `offline` is not installed.
    """
    from .offline import Offline, in_environment
    from .offline.instances import named_instances

    instances = [*choices.pop("instances", ()), *named_instances((), os.environ)]
    with Offline(instances=instances, **choices) as services, in_environment(services.environment()):
        yield services


def connect(emulator: Emulator, **choices: Any) -> RuntimeClient:
    """A client connected to a running emulator. The environment is ignored. `choices`: as for `RuntimeClient`."""
    return RuntimeClient(**_settings(emulator), **choices)


def connect_async(emulator: Emulator, **choices: Any) -> AsyncRuntimeClient:
    """A client connected to a running emulator. The environment is ignored. `choices`: as for `AsyncRuntimeClient`.

    It keeps no connection open between requests, so it need not be closed, and it works in several event loops, one
    after the other.
    """
    # A fixture is torn down outside the event loop of its test, where connections can no longer be closed.
    return AsyncRuntimeClient(**_settings(emulator), **{"limits": NO_KEEP_ALIVE, **choices})


def _settings(emulator: Emulator) -> dict[str, Any]:
    return {
        "api_key": emulator.api_key,
        "instance": emulator.instance,
        "base_url": emulator.base_url,
        "iam_url": emulator.iam_url,
        "submissions_per_minute": None,
        # The emulator speaks plain HTTP, and loading certificates would take longer than most tests.
        "verify": False,
    }
