"""The noise of layers that cancelling and amplifying it start from: given by the job, or learned first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from qiskit.circuit import CircuitInstruction
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.quantum_info import PauliLindbladMap
from qiskit_ibm_runtime import RuntimeDecoder
from qiskit_ibm_runtime.executor_estimator.prepare import choose_task_class
from qiskit_ibm_runtime.executor_estimator.utils import estimator_options_to_boxing_options
from qiskit_ibm_runtime.results.noise_learner import LayerError
from qiskit_mitigation import find_combined_unique_layers  # type: ignore[import-untyped]

from ..devices import Device
from . import effort
from .isa import Placed
from .layer_noise import Layer, efforts, learn
from .noise_learner import DEFAULTS, box_layer, experiment, layer_error, layers_of
from .options import EstimatorOptions
from .outcome import JobFailedError, Kind
from .policy import Policy
from .suppression import client_options, narrowed


@frozen(kw_only=True)
class Known:
    """The noise of the boxes of a circuit, and of its layers in the form of results."""

    boxes: Sequence[tuple[CircuitInstruction, PauliLindbladMap]]
    errors: Sequence[LayerError]
    counts: Mapping[Layer, int]
    """How often each layer that is mitigated occurs in the circuit."""

    def overhead(self, layer: Layer) -> float:
        """By how much more shots the noise of a layer can be cancelled."""
        [found] = (error for error in self.errors if _layer_of(error) == layer)
        return 1.0 if found.error is None else float(np.exp(4 * found.error.rates.sum()))


def known_noise(
    pub: EstimatorPub, *, device: Device, options: EstimatorOptions, generator: np.random.Generator, policy: Policy
) -> Known:
    """What is known of the noise of a pub's layers. Layers without an entry count as free of noise.

    Raises:
        JobFailedError: the job's noise model cannot be read, or the noise cannot be learned in time.
    """
    places, narrow = narrowed(pub)
    circuit = narrow.circuit
    counts = Counter(layers_of(circuit, places, strategy=options.twirling.settings["strategy"]))
    errors = (
        _learned(counts, device=device, options=options, generator=generator, policy=policy)
        if options.layer_noise_model is None
        else _given(options.layer_noise_model)
    )
    chosen = client_options(options, shots=1)
    boxes = find_combined_unique_layers(
        [circuit],
        [choose_task_class(chosen.resilience)()],
        estimator_options_to_boxing_options(chosen.twirling, options.measure_mitigation, inject_noise=True),
        "gates",
    )
    by_gates = {_layer_of(error).gates: error for error in errors}
    maps = []
    for box in boxes:
        layer = box_layer(box, [places[circuit.find_bit(qubit).index] for qubit in box.qubits])
        maps.append((box, _map(by_gates.get(layer.gates), layer)))
    gates = {_layer_of(error).gates for error in errors}
    return Known(
        boxes=maps,
        errors=errors,
        counts={layer: count for layer, count in counts.items() if layer.gates in gates},
    )


def _learned(
    counts: Counter[Layer],
    *,
    device: Device,
    options: EstimatorOptions,
    generator: np.random.Generator,
    policy: Policy,
) -> list[LayerError]:
    chosen = {**DEFAULTS, **options.layer_noise_learning}
    how = experiment(chosen)
    layers = [layer for layer, _ in counts.most_common(chosen["max_layers_to_learn"])]
    effort.check(efforts(layers, device), policy=policy)
    return [layer_error(one, learn(one, device=device, experiment=how, generator=generator)) for one in layers]


def _given(encoded: Any) -> list[LayerError]:
    try:
        found = list(json.loads(json.dumps(encoded), cls=RuntimeDecoder))
    # The decoder passes on all errors of the classes that it builds.
    except Exception as error:
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"layer_noise_model cannot be read: {error}") from error
    if not all(isinstance(one, LayerError) for one in found):
        raise JobFailedError(Kind.INVALID_INPUT, detail="layer_noise_model must be a list of LayerError.")
    return found


def _layer_of(error: LayerError) -> Layer:
    gates = (
        Placed(one.operation.name, tuple(error.qubits[error.circuit.find_bit(qubit).index] for qubit in one.qubits))
        for one in error.circuit
        if one.operation.name != "barrier"
    )
    return Layer(gates=frozenset(gates), qubits=tuple(sorted(error.qubits)))


def _map(error: LayerError | None, layer: Layer) -> PauliLindbladMap:
    """The noise on the qubits of a layer, in ascending order."""
    terms = [] if error is None or error.error is None else list(_terms(error, layer))
    return PauliLindbladMap.from_sparse_list(terms, num_qubits=len(layer.qubits))


def _terms(error: LayerError, layer: Layer) -> Iterator[tuple[str, list[int], float]]:
    position = {qubit: index for index, qubit in enumerate(layer.qubits)}
    for label, rate in zip(error.error.generators.to_labels(), error.error.rates, strict=True):
        on = {error.qubits[index]: letter for index, letter in enumerate(reversed(label)) if letter != "I"}
        if on.keys() <= position.keys():
            yield "".join(on.values()), [position[qubit] for qubit in on], float(rate)
