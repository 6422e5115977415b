"""The outcome of a job: completed with a result, or failed with a code of the service's error registry.

The registry's codes are public. Which code the service uses in which case was measured for the entries without
`_guess`. For the others, this file chooses the entry that fits best.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import frozen

__all__ = [
    "HEAVY",
    "Completed",
    "Failure",
    "Heavy",
    "HeavyJobError",
    "JobFailedError",
    "Kind",
    "Metrics",
    "Outcome",
    "failure",
]


@frozen(kw_only=True)
class Metrics:
    """The usage of a job (JobMetricsResponse).

    `executions` is shots times circuits times parameter sets. `quantum_seconds` estimates the time on a real device:
    executions times the sum of repetition delay, circuit length and 10 us. `circuits_execution_time_ns` is the same in
    nanoseconds.
    """

    executions: int
    quantum_seconds: float
    circuits_execution_time_ns: int


@frozen(kw_only=True)
class Completed:
    """A job's result: `body` is the JSON text that the service stores and returns."""

    body: str
    metrics: Metrics
    log: str = ""


@frozen(kw_only=True)
class Failure:
    """The failure of a job: `state.reason_code`, `.reason` and `.reason_solution` of JobResponseV3, and its log."""

    code: int
    reason: str
    solution: str
    log: str = ""
    charge: int = 0
    """Seconds of QPU time that the service charges for it."""


@frozen
class Heavy:
    """The job was not run: it is to run where it keeps no other job waiting."""


HEAVY = Heavy()

Outcome = Completed | Failure


@frozen
class _Entry:
    code: int
    reason: str
    solution: str
    other_code: int | None = None
    """A second code that the service uses for the same case, about every other time, and then without a charge."""
    charge: int = 2
    """Seconds: the least that is charged for a job that has started. Failures of the system are free."""
    sure: str = "measured"
    """How it is known that the service uses this code in this case: measured, documented or guessed."""


def _guess(code: int, reason: str, solution: str, *, charge: int = 2) -> _Entry:
    """An entry for a case in which the service's code is not known."""
    return _Entry(code, reason, solution, charge=charge, sure="guessed")


class Kind(Enum):
    """The kinds of failure. Their texts have placeholders for the details of a `JobFailedError`."""

    NOT_ISA = _Entry(
        1517,
        "The instruction {name} on qubits {qubits} is not supported by the target system. "
        "Transpile your circuits for the target before submitting a primitive query.",
        "Transpile the circuit of {where} for {backend}{because}",
    )
    TOO_WIDE = _guess(
        1517,
        "The circuit of {where} has {wanted} qubits, the device {available}.",
        "Transpile the circuit for {backend}, or choose a larger device.",
    )
    RZZ_ANGLE = _Entry(
        1517,
        "The instruction rzz on qubits {qubits} is supported only for angles in the range [0, pi/2], "
        "but an angle ({angle}) outside of this range has been requested.",
        "Transpile the circuit for the device, with its parameters bound.",
    )
    CONTROL_FLOW = _guess(
        1517,
        "The control flow of the circuit of {where} is not supported by the target system: {detail}.",
        "Follow the limits of dynamic circuits in the service's documentation.",
    )
    CONTROL_FLOW_ESTIMATED = _Entry(
        1522,
        "The circuit of pub {pub} has control flow, which the estimator does not support.",
        "Run it with the sampler, or remove the control flow.",
        sure="documented",
    )
    INCOMPATIBLE = _Entry(1521, "Options are not compatible: {detail}.", "Switch one of them off.", sure="documented")
    CIRCUIT_UNREADABLE = _Entry(
        1506,
        "Job not valid. Error loading QASM circuit of pub {pub}: {detail}",
        "Send OpenQASM 3 text, or a circuit in QPY as qiskit-ibm-runtime encodes it.",
        other_code=1603,
    )
    DUPLICATE_OPERANDS = _Entry(
        1603, CIRCUIT_UNREADABLE.reason, "Give each operand of a gate a qubit of its own.", charge=0
    )
    OBSERVABLE_WIDTH = _Entry(
        1501,
        "The number of qubits of the circuit ({circuit}) does not match the number of qubits of the "
        "{index}-th observable ({observable})",
        "Send observables as wide as their circuit; for a transpiled circuit, apply its layout to them.",
    )
    FRACTIONAL_TWIRLED = _Entry(
        1519,
        "Gate twirling does not support fractional gates",
        "Switch gate twirling off, and mitigation that needs it, or transpile without fractional gates.",
    )
    INVALID_INPUT = _guess(3211, "Job not valid: {detail}", "Correct the input of the job and submit it again.")
    UNKNOWN_PROGRAM = _guess(
        3211,
        "Job not valid: there is no program {program}.",
        "Use one of: {programs}.",
    )
    TOO_MANY_EXECUTIONS = _Entry(
        1520,
        "The number of circuit shots {executions} exceeds the system limit {limit}",
        "Ask for fewer shots or parameter sets, or split the job.",
    )
    CANCELLED = _guess(5202, "Job was cancelled.", "None. The job was cancelled.")
    EXECUTION_FAILED = _guess(
        5203, "Failed to run the job: {detail}", "Read the job's log, then submit the job again.", charge=0
    )
    SIMULATION_FAILED = _guess(
        5204,
        "The simulator cannot run the job: {detail}",
        "Use fewer qubits or a simpler circuit, or run the job on the real service.",
        charge=0,
    )


class HeavyJobError(Exception):
    """The job would take longer than a light one."""


class JobFailedError(Exception):
    """A program raises it to fail its job; `programs.run` turns it into a `Failure`."""

    def __init__(self, kind: Kind, **details: Any) -> None:
        """`details` fill the placeholders of the kind's texts."""
        self.kind = kind
        self.details = details
        super().__init__(kind.value.reason.format_map(details))


def failure(kind: Kind, *, log: str = "", seed: int = 0, **details: Any) -> Failure:
    """The failed outcome of a kind. `details` fill the placeholders of its texts; `seed` decides between two codes."""
    entry = kind.value
    other = entry.other_code if seed % 2 else None
    return Failure(
        code=other or entry.code,
        charge=0 if other else entry.charge,
        reason=entry.reason.format_map(details),
        solution=entry.solution.format_map(details),
        log=log,
    )
