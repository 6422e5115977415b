"""Reading the circuits of jobs: OpenQASM text, and qiskit's QPY wrapper."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit, qasm2, qasm3, qpy
from qiskit.circuit import Gate, Operation, Parameter, ParameterExpression
from qiskit.circuit.library import IGate, UGate, get_standard_gate_name_mapping
from qiskit.quantum_info import Operator

from .encoding import unpacked
from .outcome import JobFailedError, Kind
from .policy import Policy

_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_QASM2_HEADER = re.compile(r"\s*OPENQASM\s+2(\.\d+)?\s*;")
_SINGLE_BITS = re.compile(r"\bbit\s+(\w+)\s*[;=]")
_REGISTERS = re.compile(r"\bbit\s*\[[^\]]*\]\s*(\w+)\s*[;=]|\bcreg\s+(\w+)\s*\[")
_SIZES = re.compile(r"\b(?:qu)?bit\s*\[\s*([\d_]+)\s*\]|\b[qc]reg\s+\w+\s*\[\s*(\d+)\s*\]")
_MOST_BITS = 9_999_999
"""More than devices have and results can hold. Readers make an object of each bit that a text declares."""
_DUPLICATE = re.compile(r"duplicate (bit arguments|qubits)")
_STANDARD_GATES = get_standard_gate_name_mapping()


def read(value: Any, *, pub: int, policy: Policy) -> QuantumCircuit:
    """The circuit of a pub; qubit n of the circuit stands for qubit n of the device.

    Some exporters define gates such as `ecr` or `rzz` in the text. A definition with the name of a standard gate
    becomes that gate, if both do the same.

    Raises:
        JobFailedError: the value is not a circuit, or cannot be read.
    """
    try:
        if isinstance(value, QuantumCircuit):
            return value
        if isinstance(value, dict) and value.get("__type__") == "QuantumCircuit":
            return _from_qpy(value["__value__"])
        if isinstance(value, str):
            return _with_standard_gates(_from_text(value, policy), policy)
    except JobFailedError:
        raise
    # The readers pass on all errors of their parsers, even AttributeError.
    except Exception as error:
        kind = Kind.DUPLICATE_OPERANDS if _DUPLICATE.search(_reason(error)) else Kind.CIRCUIT_UNREADABLE
        raise JobFailedError(kind, pub=pub, detail=_reason(error)) from error
    raise JobFailedError(
        Kind.CIRCUIT_UNREADABLE, pub=pub, detail=f"expected text or an encoded circuit, got {type(value).__name__}"
    )


def is_physical(circuit: QuantumCircuit) -> bool:
    """Whether the circuit uses the device's qubits ($0, $1, ...), so that it can be widened to the device."""
    return circuit.layout is not None


def standard_gate(name: str) -> Operation | None:
    """The standard gate of a name, with symbolic parameters; a gate X with a slow pulse is one, too."""
    return _STANDARD_GATES.get("x" if name == "xslow" else name)


def drawn(value: Any) -> str:
    """An encoded circuit as a drawing in text; why not, if it cannot be read."""
    try:
        return str(_from_qpy(value["__value__"]).draw("text", idle_wires=False, fold=100))
    except Exception as error:
        return f"It cannot be read: {_reason(error)}"


def _from_qpy(encoded: str) -> QuantumCircuit:
    circuits = qpy.load(io.BytesIO(unpacked(encoded)))
    if len(circuits) != 1 or not isinstance(circuits[0], QuantumCircuit):
        raise ValueError(f"expected exactly one circuit, found {len(circuits)}")
    return circuits[0]


def _from_text(text: str, policy: Policy) -> QuantumCircuit:
    if not text.strip():
        raise ValueError("the text is empty")
    plain = _COMMENTS.sub("", text)
    sizes = (quantum or old for quantum, old in _SIZES.findall(plain))
    if any(len(size.replace("_", "")) > len(str(_MOST_BITS)) for size in sizes):
        raise ValueError(f"a register has more than {_MOST_BITS:,} bits")
    if _QASM2_HEADER.match(plain):
        if not policy.lenient:
            raise ValueError("the text is OpenQASM 2, expected OpenQASM 3")
        return qasm2.loads(
            text,
            include_path=(),  # read no local files; `qelib1.inc` is built in
            custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
            custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
        )
    # The parser prints some errors, and raises others without a message.
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return _with_names(qasm3.loads(text), text)
    except Exception as error:
        if not str(error):
            raise ValueError(printed.getvalue().strip() or _place(error)) from error
        raise


def _with_names(circuit: QuantumCircuit, text: str) -> QuantumCircuit:
    """Give the registers the names that they have in the text: results are sorted by register.

    The reader makes no register of `bit name;`, and writes other letters than those of OpenQASM 2 as `_`. That the
    service uses the name in the text for both is a guess.
    """
    plain = _COMMENTS.sub("", text)
    loose = [bit for bit in circuit.clbits if not circuit.find_bit(bit).registers]
    singles = _SINGLE_BITS.findall(plain)
    if len(loose) == len(singles):
        for bit, name in zip(loose, singles, strict=True):
            circuit.add_register(ClassicalRegister(bits=[bit], name=name))
    written = [one or other for one, other in _REGISTERS.findall(plain)]
    read = [register for register in circuit.cregs if register.name not in singles]
    if len(written) != len(read) or all(register.name == name for register, name in zip(read, written, strict=True)):
        return circuit
    names = dict(zip(read, written, strict=True))
    registers = [ClassicalRegister(bits=list(one), name=names.get(one, one.name)) for one in circuit.cregs]
    renamed = QuantumCircuit(circuit.qubits, circuit.clbits, *circuit.qregs, *registers)
    renamed.compose(circuit, circuit.qubits, circuit.clbits, inplace=True)
    # What says that the qubits are those of the device.
    renamed._layout = circuit._layout
    return renamed


def _place(error: BaseException) -> str:
    """Where the parser failed."""
    cause = error.__context__
    token = getattr(cause.args[0], "offendingToken", None) if cause and cause.args else None
    if token is None:
        return "the text is not OpenQASM 3"
    return f"line {token.line}:{token.column} {token.text!r} is not expected there"


def _with_standard_gates(circuit: QuantumCircuit, policy: Policy) -> QuantumCircuit:
    """Replace the text's own definitions by the standard gates of the same name."""
    result = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if getattr(operation, "blocks", ()):
            operation = operation.replace_blocks([_with_standard_gates(block, policy) for block in operation.blocks])
        elif policy.lenient and isinstance(operation, UGate) and operation.params == [0, 0, 0]:
            # The reader of OpenQASM 3 makes this of `id`, which the service therefore refuses.
            operation = IGate()
        # The readers make a plain `Gate` of a definition, and an object of a subclass of a gate they know.
        elif type(operation) is Gate and operation.name in _STANDARD_GATES:
            operation = _standard_like(operation)
        result.append(instruction.replace(operation=operation))
    return result


def _standard_like(operation: Gate) -> Gate:
    standard = _STANDARD_GATES[operation.name]
    fits = operation.num_qubits == standard.num_qubits and len(operation.params) == len(standard.params)
    if not fits or not _agrees(operation, standard.base_class):
        raise ValueError(f"its definition of gate {operation.name} differs from the gate of that name")
    gate: Gate = standard.base_class(*operation.params)
    return gate


def _agrees(operation: Gate, standard: type[Gate]) -> bool:
    definition = operation.definition
    if definition is None:
        return True
    sample = {parameter: 0.3 + 0.4 * index for index, parameter in enumerate(definition.parameters)}
    # A parameter missing in the definition cannot be bound there, and shows as a difference below.
    values = [_bound(value, sample) for value in operation.params]
    return bool(Operator(definition.assign_parameters(sample)).equiv(Operator(standard(*values))))


def _bound(value: Any, sample: dict[Parameter, float]) -> float:
    if not isinstance(value, ParameterExpression):
        return float(value)
    return float(value.bind({parameter: sample.get(parameter, 1.1) for parameter in value.parameters}))


def _reason(error: Exception) -> str:
    text = str(error).strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return (text[1:-1] if quoted else text) or type(error).__name__
