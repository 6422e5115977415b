"""Circuits taken apart where nothing connects their qubits: small pieces take no time, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import rustworkx
from attrs import frozen
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Clbit, ControlFlowOp, Qubit, Store
from qiskit.primitives.containers import BitArray

# Single qubits are simulated together up to this number: fewer, and there are more pieces than need be.
_TOGETHER = 4

# The register of a piece.
BITS = "bits"


@frozen(kw_only=True)
class Piece:
    """Part of a circuit, on qubits of its own, that measures into the register `BITS`.

    `qubits` and `clbits` say which of the whole circuit's bits its own stand for, in order.
    """

    circuit: QuantumCircuit
    qubits: Sequence[int]
    clbits: Sequence[int]


def is_divisible(circuit: QuantumCircuit) -> bool:
    """Whether the circuit can be taken apart: not when classical values decide what is run."""
    return not any(isinstance(instruction.operation, ControlFlowOp | Store) for instruction in circuit.data)


def pieces(circuit: QuantumCircuit) -> list[Piece]:
    """The parts of a divisible circuit that measure something; together they measure all that it does."""
    groups = _groups(circuit)
    owner = {bit: index for index, group in enumerate(groups) for bit in group}
    made = []
    for group in groups:
        qubits = [bit for bit in circuit.qubits if bit in group]
        clbits = [bit for bit in circuit.clbits if bit in group]
        made.append(QuantumCircuit(qubits, clbits, ClassicalRegister(bits=clbits, name=BITS)))
    for instruction in circuit.data:
        # No noise and no result depends on a barrier, which would tie the pieces together.
        if instruction.operation.name != "barrier":
            index = owner.get(instruction.qubits[0])
            if index is not None:
                made[index].append(instruction, copy=False)
    return [
        Piece(
            circuit=piece,
            qubits=[circuit.find_bit(bit).index for bit in piece.qubits],
            clbits=[circuit.find_bit(bit).index for bit in piece.clbits],
        )
        for piece in made
    ]


def _groups(circuit: QuantumCircuit) -> list[set[Qubit | Clbit]]:
    """The bits of each piece."""
    graph = rustworkx.PyGraph(multigraph=False)
    nodes = {bit: graph.add_node(bit) for bit in [*circuit.qubits, *circuit.clbits]}
    for instruction in circuit.data:
        if instruction.operation.name != "barrier":
            for bit in (*instruction.qubits[1:], *instruction.clbits):
                graph.add_edge(nodes[instruction.qubits[0]], nodes[bit], None)
    groups: list[set[Qubit | Clbit]] = []
    room = 0
    connected = ({graph[node] for node in component} for component in rustworkx.connected_components(graph))
    for bits in sorted(connected, key=len):
        qubits = sum(isinstance(bit, Qubit) for bit in bits)
        if qubits == 0 or qubits == len(bits):
            continue
        if qubits > room:
            groups.append(set())
            room = _TOGETHER
        groups[-1] |= bits
        room -= qubits
    return groups


def merged(
    circuit: QuantumCircuit, measured: Sequence[tuple[Piece, BitArray]], *, shape: tuple[int, ...], shots: int
) -> Mapping[str, BitArray]:
    """The classical registers of the whole circuit, from what its pieces measured; other bits are 0."""
    columns = {clbit: (bits, position) for piece, bits in measured for position, clbit in enumerate(piece.clbits)}
    registers = {}
    for register in circuit.cregs:
        size = -(-register.size // 8)
        array = np.zeros((*shape, shots, size), dtype=np.uint8)
        for place, clbit in enumerate(register):
            if (index := circuit.find_bit(clbit).index) in columns:
                bits, position = columns[index]
                column = bits.array[..., -1 - position // 8] >> (position % 8) & 1
                array[..., -1 - place // 8] |= column << (place % 8)
        registers[register.name] = BitArray(array, register.size)
    return registers
