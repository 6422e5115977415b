"""Circuits cut down to the qubits that matter, so that few of a device's many qubits are simulated."""

from __future__ import annotations

from collections.abc import Iterable

from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, ControlFlowOp, Measure, Qubit, Reset

from .isa import instructions

# They leave a qubit alone that nothing else touches.
_IDLE = frozenset({"barrier", "delay", "box", "if_else", "for_loop", "while_loop", "switch_case"})

# What newer devices offer beside the plain instruction: shorter pulses, for the simulator the same.
_PLAIN = {"measure_2": Measure, "reset_2": Reset}


def active_qubits(circuit: QuantumCircuit, *, also: Iterable[int] = ()) -> list[int]:
    """The qubits that the circuit acts on, and those in `also`, in ascending order."""
    acted = (placed.qubits for placed in instructions(circuit) if placed.name not in _IDLE)
    return sorted(set(also).union(*acted))


def reduced(circuit: QuantumCircuit, *, qubits: Iterable[int]) -> QuantumCircuit:
    """The circuit on those qubits only, in ascending order.

    Classical registers, parameters and metadata stay. Boxes are opened, since simulators know none.
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
        elif operation.name in _PLAIN:
            operation = _PLAIN[operation.name]()
        result.append(operation, kept, instruction.clbits, copy=False)
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
