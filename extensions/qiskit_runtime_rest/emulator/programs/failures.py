"""The ways in which a job fails, each with the code and advice of the service's error registry.

The registry's numbers are public; which number the service gives in which of these cases is only known for
1517. The others are the registry's entry that fits best, chosen here and nowhere else.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import frozen

from .outcome import Failure


@frozen
class _Entry:
    code: int
    reason: str
    solution: str


class Kind(Enum):
    """Why a job fails; the texts take the details that `JobFailedError` is given."""

    NOT_ISA = _Entry(
        1517,
        "Circuits do not match the target of {backend}: {detail}",
        "Transpile the circuits for {backend} (native gates, coupled qubits), then submit them again.",
    )
    CIRCUIT_UNREADABLE = _Entry(
        2304,
        "The circuit of pub {pub} cannot be read: {detail}",
        "Send OpenQASM 2 or 3 text, or a circuit in QPY as qiskit-ibm-runtime encodes it.",
    )
    INVALID_INPUT = _Entry(3211, "Job not valid: {detail}", "Correct the input of the job and submit it again.")
    UNKNOWN_PROGRAM = _Entry(
        3211,
        "Job not valid: there is no program {program}.",
        "Use one of: {programs}.",
    )
    PROGRAM_REFUSED = _Entry(
        3265,
        "The program {program} cannot be run on the emulated {backend}.",
        "Run it on the real service, or use one of: {programs}.",
    )
    TOO_MANY_EXECUTIONS = _Entry(
        3248,
        "The job is too long: {executions} executions (shots x circuits x parameter sets), at most {limit}.",
        "Ask for fewer shots or parameter sets, or split the job.",
    )
    CANCELLED = _Entry(5202, "Job was cancelled.", "None. The job was cancelled.")
    EXECUTION_FAILED = _Entry(5203, "Failed to run the job: {detail}", "Read the job's log, then submit the job again.")
    SIMULATION_FAILED = _Entry(
        5204,
        "The simulator cannot run the job: {detail}",
        "Use fewer qubits or a simpler circuit, or run the job on the real service.",
    )
    MEASUREMENT_LEVEL = _Entry(
        8009,
        "The measurement level {meas_type} is not supported by {backend}.",
        "Use the measurement type classified.",
    )


class JobFailedError(Exception):
    """Raised inside a program to end the job as failed; never leaves `programs.run`."""

    def __init__(self, kind: Kind, **details: Any) -> None:
        """Fail with that kind; `details` fills the placeholders of its texts."""
        self.kind = kind
        self.details = details
        super().__init__(kind.value.reason.format_map(details))


def failure(kind: Kind, *, log: str = "", **details: Any) -> Failure:
    """The failed outcome of that kind. `details` fills the placeholders of its texts."""
    entry = kind.value
    return Failure(
        code=entry.code,
        reason=entry.reason.format_map(details),
        solution=entry.solution.format_map(details),
        log=log,
    )
