"""What running a program comes to: plain values that travel between processes."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Metrics:
    """What a job used, as JobMetricsResponse reports it.

    `quantum_seconds` estimates the time a real device would have been taken: executions times repetition
    delay and circuit length. `executions` counts shots times circuits times parameter sets;
    `circuits_execution_time_ns` is the part of the time in which circuits ran, in nanoseconds.
    """

    executions: int
    quantum_seconds: float
    circuits_execution_time_ns: int


@frozen(kw_only=True)
class Completed:
    """A job's result: `body` is the JSON text that the service stores and hands out."""

    body: str
    metrics: Metrics
    log: str = ""


@frozen(kw_only=True)
class Failure:
    """Why a job failed: `state.reason_code`, `.reason` and `.reason_solution` of JobResponseV3, and its log."""

    code: int
    reason: str
    solution: str
    log: str = ""


Outcome = Completed | Failure
