"""Expectation values: which bases to measure, and the estimates from the measured bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import pi

import numpy as np
import numpy.typing as npt
from attrs import frozen
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import RZGate, SXGate, U2Gate
from qiskit.primitives.containers import BitArray
from qiskit.quantum_info import PauliList

from ..devices import Device

Terms = Mapping[str, float]
Index = tuple[int, ...]

# The register for the measurement of a basis.
MEASURED = "__measured"


@frozen(kw_only=True)
class Basis:
    """Paulis that one circuit can measure together, and the letter for each qubit to measure."""

    letters: Mapping[int, str]
    paulis: Sequence[str]

    def measured(self, circuit: QuantumCircuit, *, device: Device) -> QuantumCircuit:
        """The circuit with a measurement of this basis at its end, in the device's gates."""
        result = circuit.copy()
        register = ClassicalRegister(len(self.letters), MEASURED)
        result.add_register(register)
        for bit, (qubit, letter) in zip(register, self.letters.items(), strict=True):
            for gate in _rotations(letter, device):
                result.append(gate, [qubit])
            result.measure(qubit, bit)
        return result

    def signs(self, bits: BitArray) -> npt.NDArray[np.int8]:
        """+1 or -1 for each shot (first axis) and each of the Paulis (second axis)."""
        read = bits.to_bool_array(order="little").astype(np.int64)
        support = np.array(
            [[pauli[-1 - qubit] != "I" for pauli in self.paulis] for qubit in self.letters], dtype=np.int64
        )
        signs: npt.NDArray[np.int8] = (1 - 2 * ((read @ support) & 1)).astype(np.int8)
        return signs


@frozen(kw_only=True)
class Wanted:
    """An observable, a sum of Paulis, and the index of the parameter set to estimate it for."""

    terms: Terms
    parameter_set: Index


@frozen(kw_only=True)
class Estimate:
    """Means and their standard errors, and how many circuits were run for them."""

    means: npt.NDArray[np.float64]
    errors: npt.NDArray[np.float64]
    circuits: int


def bases(paulis: Sequence[str]) -> list[Basis]:
    """Bases that measure all Paulis qubit by qubit; the identity needs none."""
    wanted = [pauli for pauli in paulis if not _is_identity(pauli)]
    if not wanted:
        return []
    return [_basis(group.to_labels()) for group in PauliList(wanted).group_commuting(qubit_wise=True)]


def _basis(paulis: Sequence[str]) -> Basis:
    letters: dict[int, str] = {}
    for pauli in paulis:
        letters.update({qubit: letter for qubit, letter in enumerate(reversed(pauli)) if letter != "I"})
    return Basis(letters=dict(sorted(letters.items())), paulis=paulis)


def _rotations(letter: str, device: Device) -> list[Gate]:
    """Gates that turn the eigenstates of a Pauli into those of Z, up to a phase."""
    if letter == "Z":
        return []
    if "sx" in device.operational:
        return [RZGate(pi / 2), SXGate()] if letter == "X" else [SXGate()]
    return [U2Gate(0, pi)] if letter == "X" else [U2Gate(0, pi / 2)]


@frozen
class Measurement:
    """A basis to measure, for some parameter sets."""

    basis: Basis
    parameter_sets: Sequence[Index]


def to_measure(wanted: Mapping[Index, Wanted]) -> list[Measurement]:
    """What to measure for the observables: one circuit measures all Paulis of a basis."""
    return [
        Measurement(basis, parameter_sets)
        for paulis, parameter_sets in _together(wanted).items()
        for basis in bases(paulis)
    ]


def estimate(
    wanted: Mapping[Index, Wanted],
    measured: Iterable[tuple[Measurement, BitArray]],
    *,
    shape: tuple[int, ...],
) -> Estimate:
    """Estimate observables from the bits of each shot.

    Args:
        wanted: the observable and parameter set for each place of the result.
        measured: what `to_measure` asks for, and the bits; their shape is the number of parameter sets.
        shape: the shape of the result.
    """
    means, variances = np.zeros(shape), np.zeros(shape)
    circuits = 0
    places = _places(wanted)
    for place, one in wanted.items():
        means[place] = sum(value for pauli, value in one.terms.items() if _is_identity(pauli))
    for measurement, bits in measured:
        basis = measurement.basis
        circuits += len(measurement.parameter_sets)
        for position, parameter_set in enumerate(measurement.parameter_sets):
            signs = basis.signs(bits[position])
            for place in places[parameter_set]:
                values = signs @ [wanted[place].terms.get(pauli, 0.0) for pauli in basis.paulis]
                means[place] += values.mean()
                variances[place] += values.var() / len(values)
    return Estimate(means=means, errors=np.sqrt(variances, out=variances), circuits=circuits)


def _places(wanted: Mapping[Index, Wanted]) -> dict[Index, list[Index]]:
    """The places of the result that each parameter set is wanted for."""
    places: dict[Index, list[Index]] = {}
    for place, one in wanted.items():
        places.setdefault(one.parameter_set, []).append(place)
    return places


def _together(wanted: Mapping[Index, Wanted]) -> dict[tuple[str, ...], list[Index]]:
    """The parameter sets, grouped by the Paulis to measure for them."""
    together: dict[tuple[str, ...], list[Index]] = {}
    for parameter_set, wanting in _places(wanted).items():
        paulis = {pauli for place in wanting for pauli in wanted[place].terms}
        together.setdefault(tuple(sorted(paulis)), []).append(parameter_set)
    return together


def _is_identity(pauli: str) -> bool:
    return set(pauli) == {"I"}
