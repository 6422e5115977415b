"""Arguments and options of jobs, as typed dictionaries, so that type checkers and editors know them.

Source: schemas `JobRunParams`, `JobRunParamsSampler` and `JobRunParamsEstimator` of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from ..arguments import Named

__all__ = [
    "DynamicalDecoupling",
    "EstimatorExecution",
    "EstimatorOptions",
    "LayerNoiseLearning",
    "MeasureNoiseLearning",
    "ProbabilisticErrorCancellation",
    "Resilience",
    "RunOptions",
    "SamplerExecution",
    "SamplerOptions",
    "SessionSubmitOptions",
    "Simulator",
    "SubmitOptions",
    "Twirling",
    "ZeroNoiseExtrapolation",
]

Auto: TypeAlias = int | Literal["auto"]


class RunOptions(TypedDict, total=False):
    """Arguments of every submission, besides the backend and the params of the program.

    Keys:
        tags: at most 8, of at most 86 characters.
        session_id: run in this session.
        private: the service deletes the params when the job has ended, and gives the result only once.
        max_execution_time: seconds of QPU time, 1 to 10800, after which the service ends the job; rounded up.
        log_level: critical, error, warning, info or debug.
        calibration_id: run only with this calibration.
    """

    tags: Sequence[str]
    session_id: str | None
    private: bool | None
    max_execution_time: float | None
    log_level: str | None
    calibration_id: str | None


class SubmitOptions(RunOptions):
    """`RunOptions`, and the backend.

    Keys:
        backend: name, such as `ibm_fez`, or handle; it is required.
    """

    backend: str | Named


class SessionSubmitOptions(RunOptions, total=False):
    """`RunOptions`, and the backend if it shall be named: jobs of a session run on that of the session.

    Keys:
        backend: name, such as `ibm_fez`, or handle.
    """

    backend: str | Named


class DynamicalDecoupling(TypedDict, total=False):
    """Pulses in the idle times of qubits."""

    enable: bool
    sequence_type: Literal["XX", "XpXm", "XY4"]
    extra_slack_distribution: Literal["middle", "edges"]
    scheduling_method: Literal["alap", "asap"]
    skip_reset_qubits: bool


class Twirling(TypedDict, total=False):
    """Random, equivalent versions of a circuit."""

    enable_gates: bool
    enable_measure: bool
    num_randomizations: Auto
    shots_per_randomization: Auto
    strategy: Literal["active", "active-circuit", "active-accum", "all"]


class Simulator(TypedDict, total=False):
    """Settings of simulators; quantum computers ignore them."""

    noise_model: Mapping[str, Any] | None
    seed_simulator: int | None
    coupling_map: Sequence[Any] | None
    basis_gates: Sequence[str]


class SamplerExecution(TypedDict, total=False):
    """How shots are run, and what a measurement returns; `rep_delay` in seconds."""

    init_qubits: bool
    rep_delay: float
    meas_type: Literal["classified", "kerneled", "avg_kerneled"]


class EstimatorExecution(TypedDict, total=False):
    """How shots are run; `rep_delay` in seconds."""

    init_qubits: bool
    rep_delay: float


class SamplerOptions(TypedDict, total=False):
    """Options of sampler jobs."""

    default_shots: int
    dynamical_decoupling: DynamicalDecoupling
    execution: SamplerExecution
    twirling: Twirling
    simulator: Simulator
    experimental: Mapping[str, Any]


class MeasureNoiseLearning(TypedDict, total=False):
    """How errors of readout are learned."""

    num_randomizations: int
    shots_per_randomization: Auto


class ZeroNoiseExtrapolation(TypedDict, total=False):
    """How values are extrapolated to zero noise."""

    noise_factors: Sequence[float] | Literal["auto"]
    extrapolator: str | Sequence[str]
    amplifier: Literal["gate_folding", "gate_folding_front", "gate_folding_back", "pea"]
    extrapolated_noise_factors: Sequence[float] | Literal["auto"]


class ProbabilisticErrorCancellation(TypedDict, total=False):
    """How errors are cancelled on average."""

    max_overhead: float | None
    noise_gain: float | Literal["auto"]


class LayerNoiseLearning(TypedDict, total=False):
    """How the noise of layers of gates is learned."""

    max_layers_to_learn: int | None
    shots_per_randomization: int
    num_randomizations: int
    layer_pair_depths: Sequence[int]


class Resilience(TypedDict, total=False):
    """How errors are mitigated."""

    measure_mitigation: bool
    measure_noise_learning: MeasureNoiseLearning
    zne_mitigation: bool
    zne: ZeroNoiseExtrapolation
    pec_mitigation: bool
    pec: ProbabilisticErrorCancellation
    layer_noise_learning: LayerNoiseLearning
    layer_noise_model: Any


class EstimatorOptions(TypedDict, total=False):
    """Options of estimator jobs."""

    seed_estimator: int | None
    default_precision: float
    default_shots: int | None
    dynamical_decoupling: DynamicalDecoupling
    resilience: Resilience
    execution: EstimatorExecution
    twirling: Twirling
    simulator: Simulator
    experimental: Mapping[str, Any]
