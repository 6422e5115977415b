"""The operations of `make chaos` and `make crash` with IBM's SDK, qiskit-ibm-runtime: for the record."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_runtime_rest.testing import Emulator

if TYPE_CHECKING:
    from qiskit_ibm_runtime import QiskitRuntimeService

__all__ = ["NAME", "Program", "Service", "opened", "version"]

NAME = "qiskit-ibm-runtime"
BACKEND = "ibm_fez"
TRIES = 100
WAIT_SECONDS, POLL_SECONDS = 0.05, 0.1


def version() -> str:
    """Of the SDK."""
    import qiskit_ibm_runtime

    return str(qiskit_ibm_runtime.__version__)


def opened(emulator: Emulator, root: str) -> QiskitRuntimeService:
    """A service of the SDK, whose service and IAM are below `root`; tried again until it is open."""
    from qiskit_ibm_runtime import QiskitRuntimeService

    warnings.simplefilter("ignore")
    logging.getLogger("qiskit_ibm_runtime").setLevel(logging.CRITICAL)
    os.environ |= {"IAM_URL": root, "GLOBAL_SEARCH_URL": emulator.url, "GLOBAL_CATALOG_URL": emulator.url}
    given = {"channel": "ibm_quantum_platform", "token": emulator.api_key, "instance": emulator.instance}
    for _ in range(TRIES):
        with contextlib.suppress(Exception):
            return QiskitRuntimeService(**given, url_resolver=lambda *_: f"{root}/api/v1")
    raise RuntimeError(f"the SDK could not be connected in {TRIES} tries")


def sampler(backend: Any, tag: str) -> Callable[[], Any]:
    """What submits one circuit with this tag."""
    from qiskit import QuantumCircuit
    from qiskit_ibm_runtime import SamplerV2

    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    primitive = SamplerV2(mode=backend, options={"environment": {"job_tags": [tag]}})
    return lambda: primitive.run([circuit])


class Service:
    """The operations of `make chaos`. The SDK has no deadline for a call: those that last longer are late."""

    def __init__(self, service: QiskitRuntimeService) -> None:
        """`service`: `opened` through the proxy."""
        from qiskit.exceptions import QiskitError

        self.typed: tuple[type[Exception], ...] = (QiskitError,)
        self.expected = self.typed
        self._service = service
        self._jobs: dict[str, Any] = {}
        for _ in range(TRIES):
            with contextlib.suppress(Exception):
                self._backend = service.backend(BACKEND)
                self._backend.target  # noqa: B018 - it is read from the service once
                return
        raise RuntimeError("the SDK could not get its backend")

    def calls(self, tag: str, job_id: str, note: Callable[[str], bool]) -> Mapping[str, Any]:
        """Name -> the call, and whether its outcome is right."""
        service, jobs = self._service, self._jobs

        def made(job: Any) -> bool:
            jobs[job.job_id()] = job
            return note(job.job_id())

        return {
            "submit": (lambda _: sampler(self._backend, tag)(), made),
            "get": (lambda _: service.job(job_id), lambda job: job.backend().name == BACKEND),
            "find": (lambda _: service.jobs(job_tags=["chaos-no-such"], limit=1), lambda found: found == []),
            "list": (lambda _: iter(service.jobs(limit=5)), lambda job: job.backend().name == BACKEND),
            "wait": (
                lambda _: jobs[job_id].wait_for_final_state(timeout=WAIT_SECONDS, poll_interval=POLL_SECONDS),
                lambda _: False,
            ),
            "backends": (lambda _: service.backend(BACKEND), lambda one: one.name == BACKEND),
        }


class Program:
    """The program of `make crash`. The SDK keeps no note of a submission: it is started again as it is."""

    rooms = tuple(
        f"/qiskit_ibm_runtime/{part}"
        for part in ("api/", "base_primitive.py", "qiskit_runtime_service.py", "runtime_job_v2.py", "sampler.py")
    )
    """The way of a job; most other lines read the properties of the device."""

    def __init__(self, emulator: Emulator, _folder: Path) -> None:
        """Connect, and get the backend."""
        service = opened(emulator, emulator.url)
        self._backend = service.backend(BACKEND)
        self._backend.target  # noqa: B018 - it is read from the service once

    def submit(self, tag: str) -> str | None:
        """Submit one request; returns the id of its job."""
        return str(sampler(self._backend, tag)().job_id())

    def look_up(self) -> int:
        """There is nothing to look up."""
        return 0

    def close(self) -> None:
        """There is nothing to close."""
