"""Jobs of this client as Qiskit's job classes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from qiskit.primitives import BasePrimitiveJob
from qiskit.providers import JobStatus, JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES
from qiskit.result import Result
from qiskit.result.models import ExperimentResult, ExperimentResultData

from ..results.bits import Bits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qiskit.circuit import QuantumCircuit
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2

    from ..client.job import Job
    from ..results.primitives import SamplerPub

__all__ = ["BackendJob", "PrimitiveJob"]

STATUSES = {
    "Queued": JobStatus.QUEUED,
    "Running": JobStatus.RUNNING,
    "Completed": JobStatus.DONE,
    "Cancelled": JobStatus.CANCELLED,
    "Cancelled - Ran too long": JobStatus.CANCELLED,
    "Failed": JobStatus.ERROR,
}
"""Qiskit's status for each one of the service; one that is not here counts as running."""


def _status(job: Job) -> JobStatus:
    return STATUSES.get(job.status(), JobStatus.RUNNING)


class PrimitiveJob(BasePrimitiveJob["PrimitiveResult[Any]", JobStatus]):
    """A job of `SamplerV2` or `EstimatorV2`.

    Attributes:
        job: the client's handle, with logs, metrics and more.
    """

    def __init__(self, job: Job) -> None:
        """Made by a primitive."""
        super().__init__(job.id)
        self.job = job

    def result(self, timeout: float | None = None) -> PrimitiveResult[Any]:
        """Wait for the result, at most `timeout` seconds. Raises as `Job.result` does."""
        return self.job.result(timeout=timeout).to_qiskit()

    def status(self) -> JobStatus:
        """The status now."""
        return _status(self.job)

    def done(self) -> bool:
        """Whether it has completed."""
        return self.status() is JobStatus.DONE

    def running(self) -> bool:
        """Whether it runs."""
        return self.status() is JobStatus.RUNNING

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status() is JobStatus.CANCELLED

    def in_final_state(self) -> bool:
        """Whether it has ended."""
        return self.status() in JOB_FINAL_STATES

    def cancel(self) -> None:
        """Cancel it. Raises as `Job.cancel` does."""
        self.job.cancel()


class BackendJob(JobV1):
    """A job of `RuntimeBackend.run`.

    Attributes:
        job: the client's handle, with logs, metrics and more.
    """

    def __init__(self, backend: BackendV2, job: Job, circuits: Sequence[QuantumCircuit], *, memory: bool) -> None:
        """Made by a backend."""
        super().__init__(backend, job.id)
        self.job = job
        self._circuits = circuits
        self._memory = memory

    def submit(self) -> None:
        """Nothing to do: it was submitted when it was made."""

    def status(self) -> JobStatus:
        """The status now."""
        return _status(self.job)

    def cancel(self) -> None:
        """Cancel it. Raises as `Job.cancel` does."""
        self.job.cancel()

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the counts of each circuit, at most `timeout` seconds. Raises as `Job.result` does."""
        pubs = cast("Iterable[SamplerPub]", self.job.result(timeout=timeout))
        return Result(
            backend_name=self.backend().name,
            backend_version=self.backend().backend_version,
            job_id=self.job_id(),
            success=True,
            results=[self._experiment(circuit, pub) for circuit, pub in zip(self._circuits, pubs, strict=True)],
        )

    def _experiment(self, circuit: QuantumCircuit, pub: SamplerPub) -> ExperimentResult:
        outcomes = _outcomes(circuit, pub)
        return ExperimentResult(
            shots=len(outcomes),
            success=True,
            data=ExperimentResultData(counts=Counter(outcomes), memory=outcomes if self._memory else None),
            header={
                "name": circuit.name,
                "creg_sizes": [[register.name, register.size] for register in circuit.cregs],
                "memory_slots": circuit.num_clbits,
                "metadata": circuit.metadata,
            },
        )


def _outcomes(circuit: QuantumCircuit, pub: SamplerPub) -> list[str]:
    """The outcome of each shot, in hexadecimal, bit n for the classical bit n of the circuit."""
    flags = {name: part.to_flags() for name, part in pub.data.items() if isinstance(part, Bits)}
    shots = next(iter(flags.values())).shape[0] if flags else 0
    bits = np.zeros((shots, circuit.num_clbits), dtype=bool)
    for place, bit in enumerate(circuit.clbits):
        for register, index in circuit.find_bit(bit).registers[:1]:
            bits[:, place] = flags[register.name][:, index]
    rows = np.packbits(bits, axis=1, bitorder="little")
    return [hex(int.from_bytes(row.tobytes(), "little")) for row in rows]
