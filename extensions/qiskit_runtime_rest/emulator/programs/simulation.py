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
from .effort import Effort, effort, entanglement
from .noise import noise_model
from .outcome import JobFailedError, Kind
from .reduction import BITS, Piece, is_divisible, merged, pieces, reduced
from .schedule import waiting
from .slow_noise import SlowNoise, slow_noise

# Above this, a density matrix takes longer than drawing the noise of each shot, and relaxation is twirled.
_DENSITY_MATRIX_QUBITS = 11
_STATEVECTOR_QUBITS = 24
_CLIFFORD = frozenset(
    {"barrier", "cx", "cz", "delay", "ecr", "id", "measure", "quantum_channel", "reset", "rz", "sx", "x"}
)


@frozen(kw_only=True)
class Simulator:
    """Simulates circuits of a device on some of its qubits, with their noise."""

    device: Device
    qubits: list[int]

    def prepare(self, circuit: QuantumCircuit, bindings: BindingsArray, *, shots: int) -> Prepared:
        """Prepare to run an ISA circuit for each parameter set."""
        small = reduced(circuit, qubits=self.qubits)
        if not self.device.mock:
            small = waiting(small, self.qubits, device=self.device)
        if self.device.mock or not is_divisible(small):
            whole = Piece(circuit=small, qubits=range(small.num_qubits), clbits=range(small.num_clbits))
            parts = [(whole, bindings)]
        else:
            parts = [(piece, _select(bindings, small, piece.circuit)) for piece in pieces(small)]
        return Prepared(
            simulator=self,
            circuit=small,
            divided=is_divisible(small),
            shape=bindings.shape,
            shots=shots,
            parts=[
                (piece, chosen, _method(piece.circuit, chosen, shots=shots), self._slow_noise(piece))
                for piece, chosen in parts
            ],
        )

    def _slow_noise(self, piece: Piece) -> SlowNoise | None:
        """None where noise is made of random Pauli gates, which cannot be undone."""
        if self.device.mock or _is_twirled(piece.circuit):
            return None
        return slow_noise(piece.circuit, [self.qubits[index] for index in piece.qubits], device=self.device)

    def simulate(
        self,
        piece: Piece,
        bindings: BindingsArray,
        method: str,
        slow: SlowNoise | None,
        *,
        shots: int,
        seed: int,
    ) -> Mapping[str, BitArray]:
        """Run a piece of a circuit on the simulator's qubits."""
        if not piece.circuit.clbits:
            return {}
        if slow is not None:
            _, each = slow.split(shots)
            noisy = Piece(circuit=slow.circuit, qubits=piece.qubits, clbits=piece.clbits)
            values = slow.bindings(bindings, shots=shots, seed=seed)
            measured = self.simulate(noisy, values, method, None, shots=each, seed=seed)
            return {name: slow.gathered(bits, shots=shots) for name, bits in measured.items()}
        circuit, qubits = piece.circuit, [self.qubits[index] for index in piece.qubits]
        if circuit.num_vars:
            raise JobFailedError(Kind.SIMULATION_FAILED, detail="it does not support classical variables.")
        backend = AerSimulator(
            method=method,
            noise_model=noise_model(
                self.device,
                qubits=qubits,
                placed=list(isa.instructions(circuit, qubits)),
                twirled=_is_twirled(circuit),
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


@frozen(kw_only=True)
class Prepared:
    """A circuit in pieces that are ready to run, so that the effort is known before."""

    simulator: Simulator
    circuit: QuantumCircuit
    divided: bool
    shape: tuple[int, ...]
    shots: int
    parts: Sequence[tuple[Piece, BindingsArray, str, SlowNoise | None]]
    """Each piece, with its parameter values, the method to simulate it, and slow noise."""

    @property
    def efforts(self) -> list[Effort]:
        """What each piece takes."""
        if self.simulator.device.mock:
            return []
        found = []
        for piece, bindings, method, slow in self.parts:
            if piece.circuit.clbits:
                sets, shots = (1, self.shots) if slow is None else slow.split(self.shots)
                twirled = _is_twirled(piece.circuit)
                found.append(
                    effort(piece.circuit, method=method, shots=shots, sets=sets * bindings.size, twirled=twirled)
                )
        return found

    def run(self, *, seed: int) -> Mapping[str, BitArray]:
        """The bits of each classical register. Each BitArray has the shape of the bindings, with `shots` shots."""
        if self.simulator.device.mock:
            return _random_bits(self.circuit, shape=(*self.shape, self.shots), seed=seed)
        if not self.divided:
            [part] = self.parts
            return self.simulator.simulate(*part, shots=self.shots, seed=seed)
        seeds = SeedSequence(seed).generate_state(len(self.parts)).tolist()
        measured = [
            (part[0], self.simulator.simulate(*part, shots=self.shots, seed=own)[BITS])
            for part, own in zip(self.parts, seeds, strict=True)
        ]
        return merged(self.circuit, measured, shape=self.shape, shots=self.shots)


def _select(bindings: BindingsArray, circuit: QuantumCircuit, piece: QuantumCircuit) -> BindingsArray:
    """The values of the parameters of a piece."""
    values = bindings.as_array(circuit.parameters)
    column = {parameter: index for index, parameter in enumerate(circuit.parameters)}
    parameters = tuple(piece.parameters)
    return BindingsArray(
        {parameters: values[..., [column[parameter] for parameter in parameters]]}, shape=bindings.shape
    )


def _is_twirled(circuit: QuantumCircuit) -> bool:
    return bool(circuit.num_qubits > _DENSITY_MATRIX_QUBITS)


def _random_bits(circuit: QuantumCircuit, *, shape: tuple[int, ...], seed: int) -> Mapping[str, BitArray]:
    """What mock devices answer with."""
    random = np.random.default_rng(seed)
    return {
        register.name: BitArray.from_bool_array(random.random((*shape, register.size)) < 0.5)
        for register in circuit.cregs
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
    if qubits <= _STATEVECTOR_QUBITS and 3 * entanglement(circuit) > qubits:
        return "statevector"
    return "matrix_product_state"


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
