"""Twirling, dynamical decoupling and mitigation, as IBM's own client-side primitives do them.

These turn a pub into a quantum program, which runs with the device's noise, and its outcome into the result of the pub.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from math import ceil
from types import SimpleNamespace
from typing import Any

from attrs import frozen
from numpy.random import SeedSequence
from pydantic import BaseModel, ValidationError
from qiskit import QuantumCircuit
from qiskit.primitives.containers import PubResult
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.transpiler import Target
from qiskit_ibm_runtime import options_models
from qiskit_ibm_runtime.decoders.executor_estimator.post_processor_v0_1 import estimator_v2_post_processor_v0_1
from qiskit_ibm_runtime.decoders.executor_sampler.post_processor_v0_1 import sampler_v2_post_processor_v0_1
from qiskit_ibm_runtime.exceptions import IBMInputValueError
from qiskit_ibm_runtime.executor.dynamical_decoupling import apply_dynamical_decoupling
from qiskit_ibm_runtime.executor_estimator.prepare import prepare as prepare_estimator
from qiskit_ibm_runtime.executor_sampler.prepare import prepare as prepare_sampler
from qiskit_ibm_runtime.options_models import pec, resilience, twirling, zne
from qiskit_ibm_runtime.options_models.dynamical_decoupling import DynamicalDecouplingOptions
from qiskit_ibm_runtime.options_models.execution import SamplerExecutionOptions
from qiskit_ibm_runtime.options_models.measure_noise_learning import MeasureNoiseLearningOptions
from qiskit_ibm_runtime.quantum_program import QuantumProgram
from qiskit_ibm_runtime.results import QuantumProgramItemResult, QuantumProgramResult
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data, properties_from_server_data

from ..devices import Device
from . import effort
from .options import EstimatorOptions, PrimitiveOptions, SamplerOptions
from .outcome import JobFailedError, Kind
from .policy import Policy
from .pubs import check_executions
from .quantum_programs import Executed, Execution, prepare
from .reduction import active_qubits, reduced
from .timing import Executions, left_after

KnownNoise = Sequence[tuple[Any, Any]]
"""Boxes of gates, and the map of Pauli-Lindblad noise of each."""


@frozen(kw_only=True)
class Suppressed:
    """The result of a pub, the shape in which it ran (shots last), and what was executed."""

    result: PubResult
    shape: tuple[int, ...]
    randomizations: int
    executions: list[Executions]


@frozen(kw_only=True)
class Ready:
    """A pub that is ready to run, so that the effort of all pubs of a job is known before."""

    executions: Sequence[Execution]
    finish: Callable[[Sequence[Executed]], Suppressed]

    def run(self) -> Suppressed:
        """Run it."""
        return self.finish([one.run() for one in self.executions])


def run(pubs: Sequence[Ready], *, policy: Policy) -> list[Suppressed]:
    """Run the pubs of a job.

    Raises:
        JobFailedError: there are too many executions, or the circuits cannot be simulated in time.
        HeavyJobError: as `effort.check` raises it.
    """
    executions = [one for each in pubs for one in each.executions]
    check_executions(sum(one.executions.count for one in executions))
    effort.check((one for each in executions for one in each.prepared.efforts), policy=policy)
    return [one.run() for one in pubs]


def sample(pub: SamplerPub, *, device: Device, options: SamplerOptions, seeds: SeedSequence, policy: Policy) -> Ready:
    """Make a sampler's pub ready.

    Raises:
        JobFailedError: the options do not fit each other or the pub, or the circuits cannot be simulated.
    """
    places = active_qubits(pub.circuit)
    with _checking():
        chosen = options_models.SamplerOptions(
            twirling=_twirling(options, pub.shots), execution=SamplerExecutionOptions(meas_type=options.meas_type)
        )
        narrow = SamplerPub(reduced(pub.circuit, qubits=places), pub.parameter_values, pub.shots)
        program, _ = prepare_sampler([narrow], chosen)

    def finish(executed: Sequence[Executed]) -> Suppressed:
        [result] = sampler_v2_post_processor_v0_1(_result(program, executed))
        return Suppressed(
            result=result,
            shape=(*executed[0].shape, program.shots),
            randomizations=executed[0].shape[0] if options.twirling.enabled else 1,
            executions=[one.executions for one in executed],
        )

    executions = _prepare(program, places, device=device, options=options, seeds=seeds, policy=policy)
    return Ready(executions=executions, finish=finish)


def estimate(
    pub: EstimatorPub,
    *,
    shots: int,
    device: Device,
    options: EstimatorOptions,
    known: KnownNoise | None,
    seeds: SeedSequence,
    policy: Policy,
) -> Ready:
    """Make an estimator's pub ready, whose observables are Paulis, with so many `shots` for each circuit, or more.

    `known` is the noise of the circuit's layers, by the boxes of its `narrowed` form.

    Raises:
        JobFailedError: the options do not fit each other or the pub, or the circuits cannot be simulated.
    """
    places, narrow = narrowed(pub)
    with _checking():
        chosen = client_options(options, shots=shots)
        chosen.resilience.layer_noise_model = None if known is None else list(known)
        program, _ = prepare_estimator([narrow], chosen)
        each = options.measure_noise_learning["shots_per_randomization"]
        if options.measure_mitigation and each not in ("auto", program.shots):
            # All items of a program have the same shots, so that other shots are other randomizations.
            learning = chosen.resilience.measure_noise_learning
            learning.num_randomizations = ceil(learning.num_randomizations * each / program.shots)
            program, _ = prepare_estimator([narrow], chosen)

    def finish(executed: Sequence[Executed]) -> Suppressed:
        with _checking():
            [result] = estimator_v2_post_processor_v0_1(_result(program, executed))
        return Suppressed(
            result=result,
            shape=(*executed[0].shape, program.shots),
            # Amplified noise has an axis of factors in front.
            randomizations=executed[0].shape[1 if options.zne_mitigation and options.needs_layer_noise else 0],
            executions=[one.executions for one in executed],
        )

    executions = _prepare(program, places, device=device, options=options, seeds=seeds, policy=policy)
    return Ready(executions=executions, finish=finish)


def narrowed(pub: EstimatorPub) -> tuple[list[int], EstimatorPub]:
    """The qubits of the device that a pub needs, and the pub on those only, without a precision."""
    labels = [label for one in pub.observables.ravel() for label in one]
    observed = {qubit for label in labels for qubit, letter in enumerate(reversed(label)) if letter != "I"}
    places = active_qubits(pub.circuit, also=observed) or [0]
    observables = [
        {"".join(label[-1 - qubit] for qubit in reversed(places)): value for label, value in one.items()}
        for one in pub.observables.ravel()
    ]
    return places, EstimatorPub(
        reduced(pub.circuit, qubits=places),
        ObservablesArray(observables).reshape(pub.observables.shape),
        pub.parameter_values,
    )


def client_options(options: EstimatorOptions, *, shots: int) -> options_models.EstimatorOptions:
    """The options as IBM's client-side estimator has them, for so many shots of each circuit, without decoupling.

    Raises:
        pydantic.ValidationError: one of them has a wrong value.
    """
    return options_models.EstimatorOptions(
        resilience_level=0,
        default_shots=shots,
        twirling=_twirling(options, shots),
        resilience=resilience.ResilienceOptions(
            measure_mitigation=options.measure_mitigation,
            measure_noise_learning=_fitting(MeasureNoiseLearningOptions, options.measure_noise_learning),
            zne_mitigation=options.zne_mitigation,
            zne=_fitting(zne.ZneOptions, options.zne),
            pec_mitigation=options.pec_mitigation,
            pec=_fitting(pec.PecOptions, options.pec),
        ),
    )


def _twirling(options: PrimitiveOptions, shots: int) -> Any:
    settings = options.twirling.settings
    if options.twirling.product not in (None, shots):
        # The service obeys the shots of a pub before the number of randomizations.
        settings = {**settings, "num_randomizations": "auto"}
    return _fitting(twirling.TwirlingOptions, settings)


def _fitting(model: type[BaseModel], given: Mapping[str, Any]) -> BaseModel:
    """The options that the model has; the client has fewer than the service."""
    return model(**{name: value for name, value in given.items() if name in model.model_fields})


def _prepare(
    program: QuantumProgram,
    places: list[int],
    *,
    device: Device,
    options: PrimitiveOptions,
    seeds: SeedSequence,
    policy: Policy,
) -> list[Execution]:
    """Make a program ready whose qubits are `places` of the device, decoupled if the options say so."""
    check_executions(program.shots * sum(item.size() for item in program.items))
    for item in program.items:
        wide = QuantumCircuit(device.qubits)
        for register in item.circuit.cregs:
            wide.add_register(register)
        wide.compose(item.circuit, places, item.circuit.clbits, inplace=True)
        item.circuit = wide
    if options.dynamical_decoupling["enable"]:
        with _checking():
            chosen = _fitting(DynamicalDecouplingOptions, options.dynamical_decoupling)
            apply_dynamical_decoupling(SimpleNamespace(target=_target(device)), chosen, program)
    left = left_after(device, init_qubits=options.init_qubits, rep_delay=options.rep_delay)
    return prepare(program, device=device, seeds=seeds, policy=policy, qubits=places, left_after=left)


def _result(program: QuantumProgram, executed: Sequence[Executed]) -> QuantumProgramResult:
    items = [QuantumProgramItemResult(result=dict(one.results)) for one in executed]
    return QuantumProgramResult(data=items, metadata=None, passthrough_data=program.passthrough_data)


@cache
def _target(device: Device) -> Target:
    # The readers change what they get.
    configuration, properties = copy.deepcopy((device.configuration, device.properties))
    return convert_to_target(
        configuration_from_server_data(configuration, use_fractional_gates=None),
        properties_from_server_data(properties, use_fractional_gates=None),
    )


@contextmanager
def _checking() -> Iterator[None]:
    """Fail the job for what IBM's code refuses: options that do not fit each other, and circuits it cannot twirl.

    It warns of fits without errors, as of a few shots that all agree. No one reads the warnings of a job.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            yield
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"{place}: {first['msg']}") from error
    except IBMInputValueError as error:
        raise JobFailedError(Kind.INCOMPATIBLE, detail=error.message.rstrip(".")) from error
