"""Running a circuit with a device's noise, on the qubits it uses, in qiskit-aer."""

from __future__ import annotations

from collections.abc import Iterable
from math import pi
from typing import Any

import numpy as np
from attrs import frozen
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterExpression
from qiskit.primitives.containers import BitArray
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2

from ..devices import Device
from . import isa
from .noise import noise_model
from .reduction import reduced

# Above that, a density matrix takes longer than drawing the noise of each shot.
_DENSITY_MATRIX_QUBITS = 11
_STATEVECTOR_QUBITS = 24
# The others stay fast only with Pauli noise.
_KNOWS_RELAXATION = frozenset({"density_matrix", "statevector"})
_CLIFFORD = frozenset({"barrier", "cx", "cz", "delay", "ecr", "id", "measure", "reset", "rz", "sx", "x"})


@frozen(kw_only=True)
class Simulator:
    """Simulates circuits of a device's width on the `qubits` of it, with noise for what they do there."""

    device: Device
    qubits: list[int]
    symmetric_readout: bool = False

    def run(self, circuit: QuantumCircuit, bindings: BindingsArray, *, shots: int, seed: int) -> dict[str, BitArray]:
        """Run an ISA circuit for each parameter set; answer the bits of each classical register.

        A BitArray's shape is that of the bindings, with `shots` shots.
        """
        if not circuit.clbits:
            return {}
        placed = list(isa.instructions(circuit))
        small = reduced(circuit, qubits=self.qubits)
        method = _method(small, bindings, shots=shots)
        backend = AerSimulator(
            method=method,
            noise_model=noise_model(
                self.device,
                qubits=self.qubits,
                placed=placed,
                relaxation=method in _KNOWS_RELAXATION,
                symmetric_readout=self.symmetric_readout,
            ),
            max_parallel_threads=1,
        )
        # The circuit was accepted for the device already; the simulator's own limit is that of its memory.
        backend.set_max_qubits(len(self.qubits))
        sampler = SamplerV2.from_backend(backend, seed=seed)
        if small.num_parameters:
            return dict(sampler.run([SamplerPub(small, bindings, shots)]).result()[0].data.items())
        # Without parameters there may still be several (equal) sets of them, which are but more shots.
        data = sampler.run([SamplerPub(small, shots=shots * bindings.size)]).result()[0].data
        return {
            name: BitArray(bits.array.reshape(*bindings.shape, shots, -1), bits.num_bits) for name, bits in data.items()
        }


def _method(circuit: QuantumCircuit, bindings: BindingsArray, *, shots: int) -> str:
    """The simulation method of qiskit-aer that is fastest for the circuit."""
    qubits = circuit.num_qubits
    if qubits <= _DENSITY_MATRIX_QUBITS and 2**qubits <= shots and _measures_last(circuit):
        return "density_matrix"
    if qubits <= _DENSITY_MATRIX_QUBITS:
        return "statevector"
    if _is_clifford(circuit, bindings):
        return "stabilizer"
    # Work for each gate: 2^qubits against the cube of the bond dimension.
    if qubits <= _STATEVECTOR_QUBITS and 3 * _entanglement(circuit) > qubits:
        return "statevector"
    return "matrix_product_state"


def _entanglement(circuit: QuantumCircuit) -> int:
    """The qubits' worth of entanglement that can build up across any cut through the row of qubits."""
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
