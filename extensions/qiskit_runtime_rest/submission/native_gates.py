"""Whether a circuit is in the gates of a device, from its configuration: before it is sent, and without Qiskit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..directed.circuit_text import CircuitText, Statement, number_of
from ..errors import InvalidInput

__all__ = ["check_native"]

ALWAYS = frozenset({"measure", "reset", "barrier", "delay", "nop"})
DECLARATIONS = {
    *(
        "OPENQASM",
        "include",
        "input",
        "output",
        "qubit",
        "bit",
        "qreg",
        "creg",
        "const",
        "let",
        "gate",
        "def",
        "extern",
    ),
    *("int", "uint", "float", "angle", "bool", "complex", "array", "duration", "stretch", "defcal", "cal"),
}
"""The first words of statements that apply no gate."""

BLOCKS = frozenset({"if", "else", "for", "while", "switch", "box"})
MODIFIERS = frozenset({"ctrl", "negctrl", "inv", "pow"})
SAME = {"U": "u", "CX": "cx"}
"""Built-in gates, by the names that devices have for them."""

ADVICE = (
    "Transpile the circuit for the device; with Qiskit installed, transpile=True (`qrr submit --transpile`) does it."
)
MOST_NAMED = 12


def check_native(text: str, configuration: Mapping[str, Any], *, what: str = "the circuit") -> None:
    """Check the gates of an OpenQASM 3 text, and the qubits of its 2-qubit gates.

    Texts in OpenQASM 2, and texts that cannot be read here, are left to the service; so are simulators.

    Raises:
        InvalidInput: a gate is not one of the device's, or its qubits are not coupled; says what to do.
    """
    if configuration.get("simulator") or text.lstrip().startswith("OPENQASM 2"):
        return
    name = configuration.get("backend_name") or "the device"
    gates = [*(configuration.get("basis_gates") or ()), *(configuration.get("supported_instructions") or ())]
    if not gates:
        return
    native = {*gates, *ALWAYS}
    coupled = {tuple(pair) for pair in configuration.get("coupling_map") or ()}
    circuit = CircuitText(text)
    try:
        calls = list(_calls(circuit.statements))
        numbers = None if circuit.qubits is None else {qubit: place for place, qubit in enumerate(circuit.qubits)}
    except InvalidInput:
        return
    for gate, operands in calls:
        if gate in MODIFIERS:
            raise InvalidInput(f"{what}: devices do not run the modifier {gate!r}. {ADVICE}")
        if SAME.get(gate, gate) not in native:
            known = ", ".join(dict.fromkeys(gates[:MOST_NAMED]))
            raise InvalidInput(f"{what}: the gate {gate!r} is not one of {name}'s ({known}). {ADVICE}")
        qubits = [_number(operand, numbers) for operand in operands]
        if coupled and gate not in ALWAYS and len(qubits) == 2 and None not in qubits and tuple(qubits) not in coupled:
            turned = " in this direction" if tuple(qubits[::-1]) in coupled else ""
            raise InvalidInput(
                f"{what}: {gate!r} on qubits {qubits[0]} and {qubits[1]}, which {name} does not couple{turned}. "
                f"{ADVICE}"
            )


def _calls(statements: Sequence[Statement]) -> Iterator[tuple[str, list[str]]]:
    """Name and operands of each gate that is applied; the bodies of definitions are left out."""
    for statement in statements:
        tokens = statement.tokens
        first = tokens[0]
        if first in DECLARATIONS or first.startswith(("#", "@", "pragma")) or "=" in tokens or "measure" in tokens:
            continue
        if first in BLOCKS:
            if "{" in tokens and "}" in tokens:
                inside = tokens[tokens.index("{") + 1 : len(tokens) - 1 - tokens[::-1].index("}")]
                yield from _calls(CircuitText(" ".join(inside)).statements)
            else:  # `if (c[0]) x $0;`
                yield from _calls(CircuitText(" ".join(tokens[_end_of_parenthesis(tokens) :])).statements)
            continue
        if not first.isidentifier():
            continue
        begin = _end_of_parenthesis(tokens) if tokens[1:2] == ("(",) else 1
        if first == "delay" and "]" in tokens:
            begin = tokens.index("]") + 1
        yield first, "".join(tokens[begin:-1]).split(",")


def _end_of_parenthesis(tokens: Sequence[str]) -> int:
    """The place after the first parenthesis."""
    depth = 0
    for place, sign in enumerate(tokens):
        depth += (sign == "(") - (sign == ")")
        if sign == ")" and not depth:
            return place + 1
    return 1


def _number(operand: str, numbers: Mapping[str, int] | None) -> int | None:
    """The device's qubit that an operand stands for: `$3`, or the third of those that are declared; None: unknown."""
    if operand.startswith("$") and operand[1:].isdecimal():
        return number_of(operand[1:])
    return None if numbers is None else numbers.get(operand)
