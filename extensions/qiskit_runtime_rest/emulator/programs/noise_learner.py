"""The noise learners: V2 learns the layers of circuits, V3 the boxes that a client has made of them.

Both are the program `noise-learner`. Only the params of V3 have a `schema_version`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from ibm_quantum_schemas.common import F64TensorModel  # type: ignore[import-untyped]
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.quantum_info import PauliList
from qiskit_ibm_runtime.decoders.noise_learner_v3.decoder import AVAILABLE_DECODERS
from qiskit_ibm_runtime.exceptions import IBMInputValueError
from qiskit_ibm_runtime.noise_learner_v3.find_learning_protocol import find_learning_protocol
from qiskit_ibm_runtime.noise_learner_v3.learning_protocol import LearningProtocol
from qiskit_ibm_runtime.noise_learner_v3.params_converters import NOISE_LEARNER_V3_PARAMS_CONVERTERS
from qiskit_ibm_runtime.results.noise_learner import LayerError, PauliLindbladError
from samplomatic.transpiler import generate_boxing_pass_manager
from samplomatic.utils import undress_box

from ..devices import Device
from . import circuits, effort, isa, reading
from .encoding import wrapped
from .layer_noise import Experiment, Layer, Learned, efforts, learn, learn_readout
from .outcome import Completed, JobFailedError, Kind
from .policy import Policy
from .pubs import check_executions
from .timing import Executions, metrics

DEFAULTS: Mapping[str, Any] = {
    "max_layers_to_learn": 4,
    "shots_per_randomization": 128,
    "num_randomizations": 32,
    "layer_pair_depths": [0, 1, 2, 4, 16, 32],
    "twirling_strategy": "active-accum",
}
# So many circuits measure all Paulis on pairs of qubits.
_BASES = 9


def run(params: Mapping[str, Any], *, device: Device, seed: int, policy: Policy) -> Completed:
    """Run a noise learner job (JobRunParamsNoiseLearner, NoiseLearnerV3V01ParamsModel and newer versions).

    Raises:
        JobFailedError: as `programs.run` reports it.
    """
    if "schema_version" in params:
        return _run_v3(params, device=device, generator=np.random.default_rng(seed), policy=policy)
    simulator = (params.get("options") or {}).get("simulator") or {}
    given = simulator.get("seed_simulator")
    generator = np.random.default_rng(seed if given is None else given)
    return _run_v2(params, device=device, generator=generator, policy=policy)


def _run_v2(params: Mapping[str, Any], *, device: Device, generator: np.random.Generator, policy: Policy) -> Completed:
    given = params.get("options") or {}
    options = {name: given.get(name, default) for name, default in DEFAULTS.items()}
    how = experiment(options)
    found: Counter[Layer] = Counter()
    for index, value in enumerate(params.get("circuits") or []):
        circuit = circuits.read(value, pub=index, policy=policy)
        isa.check(circuit, device=device, where=f"circuit {index}", policy=policy)
        if any(placed.name in isa.FRACTIONAL for placed in isa.instructions(circuit)):
            raise JobFailedError(Kind.FRACTIONAL_TWIRLED)
        found.update(layers_of(circuit, range(device.qubits), strategy=options["twirling_strategy"]))
    if not found:
        raise JobFailedError(Kind.INVALID_INPUT, detail="the circuits have no layer of two-qubit gates.")
    # The most frequent ones, and among equals those with more gates; the order is that of the circuits otherwise.
    layers = sorted(found, key=lambda layer: (-found[layer], -len(layer.gates)))[: options["max_layers_to_learn"]]
    _check(layers, how, device=device, policy=policy)
    errors = [layer_error(layer, learn(layer, device=device, experiment=how, generator=generator)) for layer in layers]
    return Completed(
        body=wrapped({"data": errors, "metadata": {"backend": device.name, "input_options": options}}),
        metrics=metrics(_executions(layers, how), device=device, rep_delay=None),
    )


def _run_v3(params: Mapping[str, Any], *, device: Device, generator: np.random.Generator, policy: Policy) -> Completed:
    version = params["schema_version"]
    read = reading.model(NOISE_LEARNER_V3_PARAMS_CONVERTERS, params)
    instructions, options = reading.decoded(NOISE_LEARNER_V3_PARAMS_CONVERTERS, read)
    how = experiment(
        {
            "shots_per_randomization": options.shots_per_randomization,
            "num_randomizations": options.num_randomizations,
            "layer_pair_depths": options.layer_pair_depths,
        }
    )
    boxes = [
        _box(instruction, device, policy=policy, where=f"instruction {at}")
        for at, instruction in enumerate(instructions)
    ]
    layers = [box.layer for box in boxes if not box.measured]
    _check(layers, how, device=device, policy=policy)
    results = []
    for box in boxes:
        if box.measured:
            learned = learn_readout(box.layer.qubits, device=device, shots=how.shots, generator=generator)
        else:
            learned = learn(box.layer, device=device, experiment=how, generator=generator)
        results.append(_v3_result(learned, box, version=version, depths=how.depths))
    _, model = AVAILABLE_DECODERS[version]
    return Completed(
        body=model.model_validate({"schema_version": version, "data": results}).model_dump_json(),
        metrics=metrics(_executions(layers, how), device=device, rep_delay=options.execution.rep_delay),
    )


def experiment(options: Mapping[str, Any]) -> Experiment:
    """The experiment that options ask for.

    Raises:
        JobFailedError: there are too few depths, shots or randomizations.
    """
    depths = options["layer_pair_depths"]
    if len(set(depths)) < 2 or min(depths) < 0:
        raise JobFailedError(Kind.INVALID_INPUT, detail="layer_pair_depths must be at least two different depths.")
    counts = options["shots_per_randomization"], options["num_randomizations"]
    if min(counts) < 1:
        raise JobFailedError(Kind.INVALID_INPUT, detail="shots and randomizations must be positive.")
    return Experiment(depths=depths, shots=counts[0] * counts[1])


def _check(layers: Sequence[Layer], experiment: Experiment, *, device: Device, policy: Policy) -> None:
    check_executions(len(layers) * _BASES * len(experiment.depths) * experiment.shots)
    effort.check(efforts(layers, device), policy=policy)


def layers_of(circuit: QuantumCircuit, places: Sequence[int], *, strategy: str) -> Iterator[Layer]:
    """The layers of two-qubit gates of a circuit on the device's qubits `places`, as twirling makes them."""
    boxes = generate_boxing_pass_manager(
        enable_gates=True, enable_measures=False, twirling_strategy=strategy.replace("-", "_")
    ).run(circuit)
    for instruction in boxes:
        if instruction.operation.name == "box":
            layer = box_layer(instruction, [places[boxes.find_bit(qubit).index] for qubit in instruction.qubits])
            if layer.gates:
                yield layer


def box_layer(instruction: CircuitInstruction, places: list[int]) -> Layer:
    """The gates of a box on the device's qubits `places`."""
    content = undress_box(instruction.operation).body
    gates = (placed for placed in isa.instructions(content, places) if placed.name not in ("barrier", "measure"))
    return Layer(gates=frozenset(gates), qubits=tuple(sorted(places)))


@frozen(kw_only=True)
class _Box:
    layer: Layer
    measured: bool


def _box(instruction: CircuitInstruction, device: Device, *, where: str, policy: Policy) -> _Box:
    """The content of a box, which must be a layer of gates or of measurements."""
    places = [qubit._index for qubit in instruction.qubits]
    try:
        protocol = find_learning_protocol(instruction)
    except IBMInputValueError as error:
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"{where}: {error}") from error
    if protocol is None:
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"{where} is neither a layer of gates nor of measurements.")
    wide = QuantumCircuit(device.qubits, len(instruction.clbits))
    wide.compose(instruction.operation.body, places, range(len(instruction.clbits)), inplace=True)
    isa.check(wide, device=device, where=where, policy=policy)
    return _Box(layer=box_layer(instruction, places), measured=protocol is LearningProtocol.TREX)


def _executions(layers: Iterable[Layer], experiment: Experiment) -> Iterator[Executions]:
    for layer in layers:
        for depth in experiment.depths:
            circuit = QuantumCircuit(max(layer.qubits) + 1)
            for gate in sorted(layer.gates, key=lambda gate: gate.qubits) * (2 * depth):
                circuit.append(circuits.standard_gate(gate.name), gate.qubits)
            yield Executions(circuit=circuit, count=_BASES * experiment.shots)


def layer_error(layer: Layer, learned: Learned) -> LayerError:
    """What was learned of a layer, as V2 answers it."""
    circuit = QuantumCircuit(len(layer.qubits))
    for gate in sorted(layer.gates, key=lambda gate: gate.qubits):
        circuit.append(circuits.standard_gate(gate.name), [layer.qubits.index(qubit) for qubit in gate.qubits])
    labels = []
    for letters, positions in learned.terms:
        label = ["I"] * len(layer.qubits)
        for letter, position in zip(letters, positions, strict=True):
            label[-1 - position] = letter
        labels.append("".join(label))
    return LayerError(circuit, list(layer.qubits), PauliLindbladError(PauliList(labels), learned.rates.tolist()))


def _v3_result(learned: Learned, box: _Box, *, version: str, depths: Sequence[int]) -> dict[str, Any]:
    post_selection: dict[str, Any] = {"fraction_kept": 1.0 if box.measured else dict.fromkeys(depths, 1.0)}
    if version != "v0.1":
        post_selection["success_rates"] = {} if box.measured else {depth: {} for depth in depths}
    return {
        "generators_sparse": [[(letters, list(positions))] for letters, positions in learned.terms],
        "num_qubits": len(box.layer.qubits),
        "rates": F64TensorModel.from_numpy(learned.rates),
        "rates_std": F64TensorModel.from_numpy(learned.deviations),
        "metadata": {
            "learning_protocol": "trex" if box.measured else "lindblad",
            "post_selection": post_selection,
        },
    }
