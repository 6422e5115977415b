"""Whether a device can run a circuit as it is (an "ISA" circuit); the service fails other jobs."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi
from typing import Any

import numpy as np
from attrs import frozen
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, ControlFlowOp, IfElseOp, ParameterExpression
from qiskit.circuit.classical import expr
from qiskit.circuit.equivalence_library import SessionEquivalenceLibrary
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import BasisTranslator, HighLevelSynthesis, UnitarySynthesis, UnrollCustomDefinitions

from ..devices import Device
from .outcome import JobFailedError, Kind
from .policy import Policy

FRACTIONAL = frozenset({"rx", "rzz"})
"""Gates with an angle that devices have as one pulse."""

# Control flow that the simulator knows, and devices do not have.
_MORE_CONTROL_FLOW = frozenset({"box", "break_loop", "continue_loop", "for_loop", "switch_case", "while_loop"})
_WIDEST_OPERAND = 32
_ARITHMETIC = frozenset({expr.Binary.Op.ADD, expr.Binary.Op.SUB, expr.Binary.Op.MUL, expr.Binary.Op.DIV})
# A little more than the limit: angles are rounded.
_LARGEST_RZZ = pi / 2 + 1e-10


@frozen
class Placed:
    """An instruction of a circuit, and its qubits on the device in the instruction's order."""

    name: str
    qubits: tuple[int, ...]


def instructions(circuit: QuantumCircuit, places: list[int] | None = None) -> Iterator[Placed]:
    """All instructions, including those in the bodies of control flow.

    `places` is the device's qubit for each qubit of the circuit; by default the same one.
    """
    return (placed for placed, _ in _operations(circuit, places))


def _operations(circuit: QuantumCircuit, places: list[int] | None = None) -> Iterator[tuple[Placed, Any]]:
    if places is None:
        places = list(range(circuit.num_qubits))
    for instruction in circuit.data:
        qubits = tuple(places[circuit.find_bit(qubit).index] for qubit in instruction.qubits)
        operation = instruction.operation
        # A simulator's gate has the name of the device's gate as its label.
        yield Placed("xslow" if operation.label == "xslow" else operation.name, qubits), operation
        for block in getattr(instruction.operation, "blocks", ()):
            yield from _operations(block, list(qubits))


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Whether the circuit has control flow."""
    return any(isinstance(instruction.operation, ControlFlowOp) for instruction in circuit.data)


def check(circuit: QuantumCircuit, *, device: Device, where: str, policy: Policy) -> None:
    """Check that the device can run a circuit; `where` names the circuit in the error.

    Raises:
        JobFailedError: the circuit has too many qubits, instructions that the device lacks, gates on uncoupled qubits,
            or control flow that devices do not support.
    """
    if circuit.num_qubits > device.qubits:
        raise JobFailedError(
            Kind.TOO_WIDE,
            backend=device.name,
            where=where,
            wanted=circuit.num_qubits,
            available=device.qubits,
        )
    if policy.lenient:
        return
    operational = device.operational
    for placed in instructions(circuit):
        if placed.name == "barrier":
            continue
        places = operational.get(placed.name, frozenset())
        if places is not None and placed.qubits not in places:
            raise JobFailedError(
                Kind.NOT_ISA,
                backend=device.name,
                name=placed.name,
                qubits=placed.qubits,
                where=where,
                because=_because(placed, device),
            )
    problem = _control_flow_problem(circuit)
    if problem:
        raise JobFailedError(Kind.CONTROL_FLOW, where=where, detail=problem)


def check_angles(circuit: QuantumCircuit, bindings: BindingsArray, *, policy: Policy) -> None:
    """Check the angles of `rzz`, for all values of the circuit's parameters.

    Raises:
        JobFailedError: an angle is not in the range that devices support.
    """
    if policy.lenient:
        return
    for placed, operation in _operations(circuit):
        if placed.name == "rzz":
            for angle in _angles(operation.params[0], bindings):
                if not 0 <= angle <= _LARGEST_RZZ:
                    raise JobFailedError(Kind.RZZ_ANGLE, qubits=placed.qubits, angle=angle)


def translated(circuit: QuantumCircuit, *, device: Device) -> QuantumCircuit:
    """The circuit in the device's instructions, with the control flow that it has, on the same qubits.

    Gates on qubits that are not coupled stay where they are.
    """
    known = {"barrier", *device.operational, *_MORE_CONTROL_FLOW}
    if all(placed.name in known for placed in instructions(circuit)):
        return circuit
    basis, rules = sorted(known), SessionEquivalenceLibrary
    passes = PassManager(
        [
            UnitarySynthesis(basis_gates=basis),
            HighLevelSynthesis(basis_gates=basis, equivalence_library=rules),
            UnrollCustomDefinitions(rules, basis_gates=basis),
            BasisTranslator(rules, target_basis=basis),
        ]
    )
    result: QuantumCircuit = passes.run(circuit)
    # What says that the qubits are those of the device.
    result._layout = circuit._layout
    return result


def _control_flow_problem(circuit: QuantumCircuit) -> str | None:
    """A rule of the service's guide to dynamic circuits that the circuit breaks."""
    branches = [instruction.operation for instruction in circuit.data if isinstance(instruction.operation, IfElseOp)]
    for branch in branches:
        inside = {placed.name for block in branch.blocks for placed in instructions(block)}
        if "if_else" in inside:
            return "a condition must not be inside of another one"
        if any(name.startswith(("measure", "reset")) for name in inside):
            return "a measurement or a reset must not depend on a condition"
        for node in _nodes(branch.condition):
            if isinstance(node, ClassicalRegister) and node.size > _WIDEST_OPERAND:
                return f"a condition compares {node.size} bits, the limit is {_WIDEST_OPERAND}"
            if isinstance(node, expr.Binary) and node.op in _ARITHMETIC:
                return "a condition must not calculate"
    return None


def _nodes(condition: Any) -> Iterator[Any]:
    """The expressions, registers and bits in a condition."""
    if isinstance(condition, tuple):
        yield condition[0]
        return
    yield condition
    if isinstance(condition, expr.Var):
        yield condition.var
    for part in ("left", "right", "operand", "target", "index"):
        if (node := getattr(condition, part, None)) is not None:
            yield from _nodes(node)


def _angles(angle: Any, bindings: BindingsArray) -> list[float]:
    if not isinstance(angle, ParameterExpression):
        return [float(angle)]
    parameters = list(angle.parameters)
    sets = np.unique(bindings.as_array(parameters).reshape(-1, len(parameters)), axis=0)
    return [float(angle.bind(dict(zip(parameters, values, strict=True)))) for values in sets.tolist()]


def _because(placed: Placed, device: Device) -> str:
    operational = device.operational
    if placed.name not in operational:
        return f"; its instructions are {', '.join(sorted(operational))}."
    if len(placed.qubits) == 2 and placed.qubits[::-1] in (operational[placed.name] or ()):
        return f"; the device has it in the direction {placed.qubits[::-1]}."
    if len(placed.qubits) == 2:
        return "; the device does not couple these qubits."
    return "; the device cannot use these qubits."
