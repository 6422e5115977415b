"""Circuits made small for the simulator: only the qubits that matter, in pieces without a connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import rustworkx
from attrs import frozen
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Barrier, Clbit, ControlFlowOp, Measure, Qubit, Reset, Store
from qiskit.circuit.library import XGate
from qiskit.primitives.containers import BitArray

from .isa import instructions

# Instructions that leave a qubit as it is if nothing else acts on it.
_IDLE = frozenset({"barrier", "delay", "box", "if_else", "for_loop", "while_loop", "switch_case"})

# Instructions of newer devices, in those that the simulator knows. It finds the noise of `xslow` by the label.
_PLAIN = {
    "measure_2": (Measure(),),
    "measure_reset": (Measure(), Reset()),
    "measure_reset_2": (Measure(), Reset()),
    "reset_2": (Reset(),),
    "xslow": (XGate(label="xslow"),),
}

# Up to this number, unconnected qubits are simulated together: smaller pieces would only be more pieces.
_TOGETHER = 4

# The register of a piece.
BITS = "bits"


def active_qubits(circuit: QuantumCircuit, *, also: Iterable[int] = ()) -> list[int]:
    """The qubits that the circuit acts on, and those in `also`, in ascending order."""
    acted = (placed.qubits for placed in instructions(circuit) if placed.name not in _IDLE)
    return sorted(set(also).union(*acted))


def reduced(circuit: QuantumCircuit, *, qubits: Iterable[int]) -> QuantumCircuit:
    """The circuit on those qubits only, in ascending order.

    Classical registers, parameters and metadata stay. Boxes are opened, because simulators do not support them.
    """
    keep = {circuit.qubits[index] for index in qubits}
    result = _empty_like(circuit, keep)
    for instruction in circuit.data:
        operation = instruction.operation
        kept = [qubit for qubit in instruction.qubits if qubit in keep]
        if isinstance(operation, ControlFlowOp):
            inner = [index for index, qubit in enumerate(instruction.qubits) if qubit in keep]
            blocks = [reduced(block, qubits=inner) for block in operation.blocks]
            if operation.name == "box":
                result.compose(blocks[0], kept, instruction.clbits, inplace=True, inline_captures=True)
                continue
            operation = operation.replace_blocks(blocks)
        elif operation.name == "barrier":
            operation = Barrier(len(kept))
        elif len(kept) < len(instruction.qubits):
            continue
        for plain in _PLAIN.get(operation.name, (operation,)):
            result.append(plain, kept, instruction.clbits[: plain.num_clbits], copy=False)
    return result


def _empty_like(circuit: QuantumCircuit, keep: set[Qubit]) -> QuantumCircuit:
    result = QuantumCircuit(
        [qubit for qubit in circuit.qubits if qubit in keep],
        circuit.clbits,
        *circuit.cregs,
        name=circuit.name,
        global_phase=circuit.global_phase,
        metadata=circuit.metadata,
        inputs=list(circuit.iter_input_vars()),
        captures=[*circuit.iter_captured_vars(), *circuit.iter_captured_stretches()],
    )
    for variable in circuit.iter_declared_vars():
        result.add_uninitialized_var(variable)
    for stretch in circuit.iter_declared_stretches():
        result.add_stretch(stretch)
    return result


@frozen(kw_only=True)
class Piece:
    """A part of a circuit that measures into the register `BITS`.

    `qubits` and `clbits` are the indices of its bits in the whole circuit, in order.
    """

    circuit: QuantumCircuit
    qubits: Sequence[int]
    clbits: Sequence[int]


def is_divisible(circuit: QuantumCircuit) -> bool:
    """Whether the circuit can be divided: not if classical values control what runs."""
    return not any(isinstance(instruction.operation, ControlFlowOp | Store) for instruction in circuit.data)


def pieces(circuit: QuantumCircuit) -> list[Piece]:
    """The parts of a divisible circuit that measure something. Together they make all its measurements."""
    groups = _groups(circuit)
    owner = {bit: index for index, group in enumerate(groups) for bit in group}
    made = []
    for group in groups:
        qubits = [bit for bit in circuit.qubits if bit in group]
        clbits = [bit for bit in circuit.clbits if bit in group]
        made.append(QuantumCircuit(qubits, clbits, ClassicalRegister(bits=clbits, name=BITS)))
    for instruction in circuit.data:
        # A barrier would connect the pieces, and changes no noise and no result.
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
    """The classical registers of the whole circuit, from the bits of its pieces; other bits are 0."""
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
