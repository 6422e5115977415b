"""The Pauli noise of a layer of gates as it is simulated, and what a learning experiment finds of it.

The model is sparse Pauli-Lindblad: one rate for each Pauli on one qubit, and on two coupled qubits. A layer is the
gates of a twirled box. Its noise includes that of the single-qubit gates which twirl the qubits of the box, and the
decay of qubits that wait for slower gates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from math import exp, prod

import numpy as np
import numpy.typing as npt
from attrs import frozen
from qiskit.quantum_info import PTM, Clifford, Pauli, SuperOp

from ..devices import Device
from .circuits import standard_gate
from .effort import Effort, learning_effort
from .isa import Placed
from .noise import duration, gate_error, readout_errors, relaxation_times

Term = tuple[str, tuple[int, ...]]
"""Letters of a Pauli, and the qubits of the layer that they act on, as positions in `Layer.qubits`."""

_LETTERS = "IXYZ"
# Twirling turns each qubit by two of these, and by angles about Z that take no time.
_TWIRL = ("sx", "sx")
# What is left of a Pauli where a gate or a qubit does not work at all.
_LEAST = 0.01


@frozen(kw_only=True)
class Layer:
    """The gates of a layer, each on other qubits; `qubits` of the device are twirled, in ascending order."""

    gates: frozenset[Placed]
    qubits: tuple[int, ...]


@frozen(kw_only=True)
class Experiment:
    """What is measured: `shots` at each depth, a number of pairs of layers."""

    depths: Sequence[int]
    shots: int


@frozen(kw_only=True, eq=False)
class Learned:
    """The rate of each term with its standard deviation, as found by an experiment."""

    terms: Sequence[Term]
    rates: npt.NDArray[np.float64]
    deviations: npt.NDArray[np.float64]


def efforts(layers: Iterable[Layer], device: Device) -> Iterator[Effort]:
    """What it takes to learn each layer."""
    for layer in layers:
        terms = sum(1 for _ in _terms(layer, device))
        yield learning_effort(gates=len(layer.gates), qubits=len(layer.qubits), terms=terms)


def learn(layer: Layer, *, device: Device, experiment: Experiment, generator: np.random.Generator) -> Learned:
    """Learn the noise of a layer of gates.

    For each Pauli, the decay over the depths is measured with shot noise and with the errors of readout, and a line is
    fitted to its logarithm.
    """
    terms = list(_terms(layer, device))
    exact = np.log([max(_fidelity(term, layer, device), _LEAST) for term in terms])
    measured, deviations = _measured(
        exact, [_readout(term, layer, device) for term in terms], experiment=experiment, generator=generator
    )
    # The logarithm of the fidelity of a Pauli is -2 times the sum of the rates that do not commute with it.
    anticommuting = _anticommuting(terms, len(layer.qubits))
    rates = _not_negative(anticommuting, -measured / 2)
    inverse = np.linalg.inv(anticommuting)
    return Learned(terms=terms, rates=rates, deviations=np.sqrt(inverse**2 @ (deviations / 2) ** 2))


def learn_readout(qubits: Sequence[int], *, device: Device, shots: int, generator: np.random.Generator) -> Learned:
    """Learn the flips of twirled measurements."""
    flips = np.array([sum(readout_errors(device, qubit)) / 2 for qubit in qubits])
    found = generator.binomial(shots, flips) / shots
    return Learned(
        terms=[("X", (position,)) for position in range(len(qubits))],
        rates=-np.log1p(-2 * np.minimum(found, 0.49)) / 2,
        deviations=np.sqrt(flips * (1 - flips) / shots) / (1 - 2 * flips),
    )


def _terms(layer: Layer, device: Device) -> Iterator[Term]:
    position = {qubit: index for index, qubit in enumerate(layer.qubits)}
    for index in position.values():
        yield from ((letter, (index,)) for letter in "XYZ")
    coupled = {tuple(sorted(pair)) for pair in device.configuration["coupling_map"] or ()}
    for first, second in sorted(coupled):
        if first in position and second in position:
            yield from (("".join(both), (position[first], position[second])) for both in product("XYZ", repeat=2))


def _anticommuting(terms: Sequence[Term], qubits: int) -> npt.NDArray[np.float64]:
    """1 where two terms anticommute, 0 where they commute."""
    x, z = np.zeros((2, len(terms), qubits), dtype=int)
    for row, (letters, positions) in enumerate(terms):
        for letter, position in zip(letters, positions, strict=True):
            x[row, position], z[row, position] = letter in "XY", letter in "YZ"
    return np.asarray((x @ z.T + z @ x.T) % 2, dtype=float)


def _not_negative(matrix: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The rates that fit best, where rates that would be negative are 0."""
    rates = np.zeros(matrix.shape[1])
    kept = np.ones(len(rates), dtype=bool)
    while kept.any():
        columns = matrix[:, kept]
        found = np.linalg.solve(columns.T @ columns, columns.T @ wanted)
        if np.all(found >= 0):
            rates[kept] = found
            break
        kept[kept] = found > 0
    return rates


def _fidelity(term: Term, layer: Layer, device: Device) -> float:
    """How much of a Pauli the layer's noise leaves, without the errors of preparation and readout."""
    letter = {layer.qubits[position]: letter for letter, position in zip(*term, strict=True)}
    busy = {qubit for gate in layer.gates for qubit in gate.qubits}
    length = max((duration(device, gate) for gate in layer.gates), default=0.0)
    fidelity = prod(
        _gate_fidelities(device, gate, length - duration(device, gate))[
            "".join(letter.get(qubit, "I") for qubit in gate.qubits)
        ]
        for gate in layer.gates
        if any(qubit in letter for qubit in gate.qubits)
    )
    return fidelity * prod(
        _twirl_fidelities(device, qubit)[letter[qubit]] * _decay(device, qubit, length)[letter[qubit]]
        for qubit in letter
        if qubit not in busy
    )


@cache
def _gate_fidelities(device: Device, gate: Placed, wait: float) -> dict[str, float]:
    """The fidelity of each Pauli, letters in the order of the gate's qubits.

    For the gate, the twirl before it, and the time between them.
    """
    fidelities = _error_fidelities(device, gate)
    operation = standard_gate(gate.name)
    assert operation is not None
    clifford = Clifford(operation)
    found = {}
    for letters, own in fidelities.items():
        # The noise of the twirl comes before the gate, which takes the Pauli before it to this one.
        before = Pauli(letters[::-1]).evolve(clifford, frame="h").to_label().lstrip("-i")[::-1]
        found[letters] = own * prod(
            _twirl_fidelities(device, qubit)[letter] * _decay(device, qubit, wait)[letter]
            for letter, qubit in zip(before, gate.qubits, strict=True)
        )
    return found


@cache
def _twirl_fidelities(device: Device, qubit: int) -> dict[str, float]:
    each = [_error_fidelities(device, Placed(name, (qubit,))) for name in _TWIRL]
    return {letter: prod(one[letter] for one in each) for letter in _LETTERS}


def _decay(device: Device, qubit: int, seconds: float) -> dict[str, float]:
    """The fidelity of each Pauli of a qubit that waits."""
    t1, t2 = relaxation_times(device, qubit)
    return {"I": 1.0, "X": exp(-seconds / t2), "Y": exp(-seconds / t2), "Z": exp(-seconds / t1)}


@cache
def _error_fidelities(device: Device, placed: Placed) -> dict[str, float]:
    """The fidelity of each Pauli under the error of one instruction; letters in the order of its qubits."""
    labels = ["".join(letters) for letters in product(_LETTERS, repeat=len(placed.qubits))]
    error = gate_error(device, placed)
    if error is None:
        return dict.fromkeys(labels, 1.0)
    diagonal = np.real(np.diag(PTM(SuperOp(error)).data))
    # Qiskit writes the first qubit last.
    return {label[::-1]: float(value) for label, value in zip(labels, diagonal, strict=True)}


def _readout(term: Term, layer: Layer, device: Device) -> float:
    return max(prod(1 - sum(readout_errors(device, layer.qubits[position])) for position in term[1]), _LEAST)


def _measured(
    exact: npt.NDArray[np.float64], scales: Iterable[float], *, experiment: Experiment, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The slopes of the logarithms as fitted to measured decays, and their standard deviations."""
    lengths = 2 * np.array(experiment.depths, dtype=float)
    slopes, deviations = np.empty_like(exact), np.empty_like(exact)
    for index, (slope, scale) in enumerate(zip(exact, scales, strict=True)):
        means = scale * np.exp(slope * lengths)
        variances = np.maximum(1 - means**2, 1 / experiment.shots) / experiment.shots
        found = 2 * generator.binomial(experiment.shots, (1 + means) / 2) / experiment.shots - 1
        # One step of Gauss and Newton from the exact curve is the fit, to the first order in the shot noise.
        design = np.stack([means, means * lengths], axis=1) / np.sqrt(variances)[:, None]
        covariance = np.linalg.inv(design.T @ design)
        step = covariance @ design.T @ ((found - means) / np.sqrt(variances))
        slopes[index], deviations[index] = min(slope + step[1], 0.0), np.sqrt(covariance[1, 1])
    return slopes, deviations
