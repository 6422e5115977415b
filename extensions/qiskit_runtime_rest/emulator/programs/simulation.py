"""Simulating a circuit with a device's noise in qiskit-aer, on the qubits that it uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import pi
from typing import Any

import numpy as np
from attrs import frozen
from numpy.random import SeedSequence
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterExpression
from qiskit.circuit.library import RZGate
from qiskit.primitives.containers import BitArray
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit_aer import AerError, AerSimulator
from qiskit_aer.primitives import SamplerV2

from ..devices import Device
from . import isa
from .noise import noise_model
from .outcome import JobFailedError, Kind
from .reduction import BITS, is_divisible, merged, pieces, reduced

# Above this, a density matrix takes longer than drawing the noise of each shot.
_DENSITY_MATRIX_QUBITS = 11
_STATEVECTOR_QUBITS = 24
# The other methods stay fast with Pauli noise only.
_KNOWS_RELAXATION = frozenset({"density_matrix", "statevector"})
_CLIFFORD = frozenset({"barrier", "cx", "cz", "delay", "ecr", "id", "measure", "reset", "rz", "sx", "x"})


@frozen(kw_only=True)
class Simulator:
    """Simulates circuits of a device on some of its qubits, with their noise."""

    device: Device
    qubits: list[int]

    def run(self, circuit: QuantumCircuit, bindings: BindingsArray, *, shots: int, seed: int) -> Mapping[str, BitArray]:
        """Run an ISA circuit for each parameter set; returns the bits of each classical register.

        Each BitArray has the shape of the bindings, with `shots` shots.
        """
        small = reduced(circuit, qubits=self.qubits)
        if not is_divisible(small):
            return self._run_whole(small, self.qubits, bindings, shots=shots, seed=seed)
        parts = pieces(small)
        values = bindings.as_array(small.parameters)
        column = {parameter: index for index, parameter in enumerate(small.parameters)}
        seeds = SeedSequence(seed).generate_state(len(parts)).tolist()
        measured = []
        for piece, own in zip(parts, seeds, strict=True):
            parameters = tuple(piece.circuit.parameters)
            chosen = values[..., [column[parameter] for parameter in parameters]]
            found = self._run_whole(
                piece.circuit,
                [self.qubits[index] for index in piece.qubits],
                BindingsArray({parameters: chosen}, shape=bindings.shape),
                shots=shots,
                seed=own,
            )
            measured.append((piece, found[BITS]))
        return merged(small, measured, shape=bindings.shape, shots=shots)

    def _run_whole(
        self, circuit: QuantumCircuit, qubits: list[int], bindings: BindingsArray, *, shots: int, seed: int
    ) -> Mapping[str, BitArray]:
        """Run a circuit whose qubits are the device's `qubits`, in order."""
        if not circuit.clbits:
            return {}
        if circuit.num_vars:
            raise JobFailedError(Kind.SIMULATION_FAILED, detail="it does not support classical variables.")
        method = _method(circuit, bindings, shots=shots)
        backend = AerSimulator(
            method=method,
            noise_model=noise_model(
                self.device,
                qubits=qubits,
                placed=list(isa.instructions(circuit, qubits)),
                relaxation=method in _KNOWS_RELAXATION,
            ),
            max_parallel_threads=1,
        )
        # The device accepts the circuit, so lift the simulator's own limit, which follows from its memory.
        backend.set_max_qubits(len(qubits))
        sampler = SamplerV2.from_backend(backend, seed=seed)
        if circuit.num_parameters == 0:
            # Without parameters, several sets are only more shots.
            pubs = [SamplerPub(_exact(circuit), shots=shots * bindings.size)]
        elif method == "stabilizer":
            pubs = [SamplerPub(_exact(bound), shots=shots) for bound in bindings.bind_all(circuit).ravel()]
        else:
            pubs = [SamplerPub(circuit, bindings, shots)]
        try:
            results = sampler.run(pubs).result()
        except AerError as error:
            raise JobFailedError(Kind.SIMULATION_FAILED, detail=str(error)) from error
        return {
            name: _stacked([result.data[name] for result in results], shape=(*bindings.shape, shots))
            for name in results[0].data
        }


def _stacked(parts: Sequence[BitArray], *, shape: tuple[int, ...]) -> BitArray:
    arrays = np.stack([part.array for part in parts])
    return BitArray(arrays.reshape(*shape, arrays.shape[-1]), parts[0].num_bits)


def _method(circuit: QuantumCircuit, bindings: BindingsArray, *, shots: int) -> str:
    """The simulation method of qiskit-aer that is fastest for the circuit."""
    qubits = circuit.num_qubits
    if qubits <= _DENSITY_MATRIX_QUBITS and 2**qubits <= shots and _measures_last(circuit):
        return "density_matrix"
    if qubits <= _DENSITY_MATRIX_QUBITS:
        return "statevector"
    if _is_clifford(circuit, bindings):
        return "stabilizer"
    # Compare the work for each gate: 2^qubits, or the cube of the bond dimension.
    if qubits <= _STATEVECTOR_QUBITS and 3 * _entanglement(circuit) > qubits:
        return "statevector"
    return "matrix_product_state"


def _entanglement(circuit: QuantumCircuit) -> int:
    """The largest entanglement, in qubits, that the circuit can create across a cut through its row of qubits."""
    crossing = [0] * (circuit.num_qubits + 1)
    for placed in isa.instructions(circuit):
        if len(placed.qubits) > 1 and placed.name != "barrier":
            for cut in range(min(placed.qubits) + 1, max(placed.qubits) + 1):
                crossing[cut] += 1
    return max(min(count, cut, len(crossing) - 1 - cut) for cut, count in enumerate(crossing))


def _measures_last(circuit: QuantumCircuit) -> bool:
    """Whether no qubit is used after its measurement, and nothing depends on one."""
    measured: set[Any] = set()
    for instruction in circuit.data:
        name = instruction.operation.name
        if name == "barrier":
            continue
        if getattr(instruction.operation, "blocks", ()) or not measured.isdisjoint(instruction.qubits):
            return False
        if name == "measure":
            measured.update(instruction.qubits)
    return True


def _is_clifford(circuit: QuantumCircuit, bindings: BindingsArray) -> bool:
    if circuit.num_parameters:
        bound: Iterable[QuantumCircuit] = bindings.bind_all(circuit).ravel()
        return all(_is_clifford(one, BindingsArray()) for one in bound)
    return all(
        instruction.operation.name in _CLIFFORD
        and all(_is_quarter(angle) for angle in instruction.operation.params if instruction.operation.name == "rz")
        for instruction in circuit.data
    )


def _is_quarter(angle: float | ParameterExpression) -> bool:
    quarters = float(angle) / (pi / 2)
    return bool(np.isclose(quarters, round(quarters), atol=1e-9))


def _exact(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with angles rounded to the quarter turns that they almost are: the simulator is strict."""
    result = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name == "rz" and _is_quarter(operation.params[0]):
            operation = RZGate(round(float(operation.params[0]) / (pi / 2)) * pi / 2)
        result.append(instruction.replace(operation=operation))
    return result
