"""Write results in the forms of the V1 primitives and the circuit runners: probabilities, values, and counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...results import Bits, Result, decode

__all__ = [
    "AS_IS",
    "FORMS",
    "RUNNER",
    "RUNNERS",
    "RUNNER_WITH_MEMORY",
    "V1_ESTIMATOR",
    "V1_SAMPLER",
    "RanJob",
    "in_form",
]

AS_IS = "as is"
V1_SAMPLER = "V1 sampler"
V1_ESTIMATOR = "V1 estimator"
RUNNER = "circuit runner"
RUNNER_WITH_MEMORY = "circuit runner with memory"
RUNNERS = (RUNNER, RUNNER_WITH_MEMORY)


@dataclass(frozen=True, kw_only=True)
class RanJob:
    """What results of the circuit runners say about their job.

    `backend_version` and `num_qubits`: of the backend; empty and None if they are unknown.
    """

    job_id: str
    backend_name: str = ""
    backend_version: str = ""
    num_qubits: int | None = None


def in_form(form: str, raw: bytes, *, job: RanJob) -> dict[str, Any]:
    """Write the result `raw` of v1 in one of `FORMS`.

    Raises:
        ResultDecodeError: the result does not have the format of the program.
    """
    return FORMS[form](decode(raw), job)


def quasi_distributions(result: Result, _job: RanJob) -> dict[str, Any]:
    """`{"quasi_dists": [{"00": 0.5, ...}], "metadata": [{"shots": n}]}`.

    Outcomes are bit strings of the width of all registers together, because that is what the clients of V1 read: they
    refuse the decimal `3`, and take `10` for 2.
    """
    distributions, metadata = [], []
    for pub in result:
        bits = _joined(pub)
        shots = bits.num_shots * bits.size
        distributions.append({outcome: number / shots for outcome, number in bits.counts().items()})
        metadata.append({"shots": shots})
    return {"quasi_dists": distributions, "metadata": metadata}


def expectation_values(result: Result, _job: RanJob) -> dict[str, Any]:
    """`{"values": [...], "metadata": [{"variance": v, "shots": n}]}`."""
    values, metadata = [], []
    for pub in result:
        found = pub.to_dict()
        values.append(_number(found["data"]["evs"]))
        shots, error = found["metadata"].get("shots"), found["data"].get("stds")
        about: dict[str, Any] = {"shots": shots} if shots else {}
        if shots and error is not None:
            about = {"variance": _number(error) ** 2 * shots, "shots": shots}
        metadata.append(about)
    return {"values": values, "metadata": metadata}


def runner_results(result: Result, job: RanJob, *, memory: bool = False) -> dict[str, Any]:
    """The result of the circuit runners, as `qiskit.result.Result.from_dict` reads it; one experiment for each circuit.

    `memory`: include the outcome of each shot.
    """
    experiments = []
    for position, pub in enumerate(result):
        bits = _joined(pub)
        data: dict[str, Any] = {"counts": {hex(value): number for value, number in bits.int_counts().items()}}
        if memory:
            data["memory"] = [hex(outcome) for outcome in bits.ints()]
        header: dict[str, Any] = {
            "name": f"circuit-{position}",
            "creg_sizes": [[name, pub.bits(name).num_bits] for name in pub.data],
            "memory_slots": bits.num_bits,
            "n_qubits": job.num_qubits,
        }
        experiments.append(
            {
                "shots": bits.num_shots * bits.size,
                "success": True,
                "status": "DONE",
                "data": data,
                "header": header,
            }
        )
    return {
        "backend_name": job.backend_name,
        "backend_version": job.backend_version,
        "qobj_id": job.job_id,
        "job_id": job.job_id,
        "success": True,
        "status": "COMPLETED",
        "results": experiments,
    }


FORMS: dict[str, Callable[[Result, RanJob], dict[str, Any]]] = {
    V1_SAMPLER: quasi_distributions,
    V1_ESTIMATOR: expectation_values,
    RUNNER: runner_results,
    RUNNER_WITH_MEMORY: partial(runner_results, memory=True),
}


def _joined(pub: Any) -> Bits:
    """The bits of all registers, joined."""
    bits: Bits = pub.bits()
    return bits


def _number(value: Any) -> float:
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return float(value)
