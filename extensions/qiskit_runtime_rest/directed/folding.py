"""Fold two-qubit gates: a gate and its inverse after it amplify its noise and change nothing else.

The parser of the OpenQASM project finds the gates.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    from openqasm3 import ast

__all__ = ["folded"]

OWN_INVERSES: Final = frozenset({"cx", "CX", "cy", "cz", "ch", "ecr", "swap"})
"""Two-qubit gates that undo themselves."""

TURNS: Final = frozenset({"rzz"})
"""Two-qubit gates that the opposite angle would undo. Devices take angles from 0 to pi/2 only."""

BLOCKS: Final = ("statements", "block", "if_block", "else_block", "body")


def folded(text: str, *, factor: float, amplifier: str, seed: int) -> tuple[str, float]:
    """The circuit with its two-qubit gates repeated so that their noise is about `factor` times as large.

    With few gates, not every factor is possible. The one that was reached comes back with the circuit.

    Args:
        text: OpenQASM 3.
        factor: 1 or larger; for other factors than 1, 3, 5, ... some gates are folded once more than others.
        amplifier: which ones: `gate_folding` (by chance), `gate_folding_front` or `gate_folding_back`.
        seed: of the choice by chance.

    Raises:
        InvalidInput: a gate cannot be folded; says why.
        MissingExtra: the parser is not installed.
    """
    if factor == 1:
        return text, factor
    gates = _two_qubit_gates(text)
    if not gates:
        return text, factor
    pairs = round((factor - 1) / 2 * len(gates))
    each, more = divmod(pairs, len(gates))
    order = list(range(len(gates)))
    if amplifier == "gate_folding_back":
        order.reverse()
    elif amplifier == "gate_folding":
        random.Random(seed).shuffle(order)
    once_more = set(order[:more])
    parts, place = [], 0
    for index, (start, end) in enumerate(gates):
        statement = text[start:end]
        parts += [text[place:end], f" {statement}" * (2 * (each + (index in once_more)))]
        place = end
    return "".join([*parts, text[place:]]), 1 + 2 * pairs / len(gates)


def _two_qubit_gates(text: str) -> list[tuple[int, int]]:
    """Where the two-qubit gates are in the text, in order."""
    try:
        from openqasm3 import ast, parse
    except ImportError as error:
        raise MissingExtra("zero-noise extrapolation", extra="directed", module="openqasm3") from error
    try:
        program = parse(text)
    # The parser passes on all errors of its grammar.
    except Exception as error:
        raise InvalidInput(f"the circuit cannot be folded: it is not OpenQASM 3 ({error}).") from None
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    return [
        (
            lines[gate.span.start_line - 1] + gate.span.start_column,
            lines[gate.span.end_line - 1] + gate.span.end_column + 1,
        )
        for gate in _gates(program.statements, ast)
    ]


def _gates(statements: Sequence[Any], ast: Any) -> Iterator[Any]:
    for statement in statements:
        if isinstance(statement, ast.QuantumGateDefinition):
            continue
        if isinstance(statement, ast.QuantumGate) and len(statement.qubits) > 1:
            _check(statement)
            yield statement
        for name in BLOCKS:
            inner = getattr(statement, name, None)
            if isinstance(inner, list):
                yield from _gates(inner, ast)


def _check(gate: ast.QuantumGate) -> None:
    name = gate.name.name
    if len(gate.qubits) > 2:
        why = "it acts on more than two qubits"
    elif gate.modifiers:
        why = "it has modifiers"
    elif name in TURNS:
        why = "its inverse has a negative angle, which devices do not take"
    elif name not in OWN_INVERSES:
        why = "it is not its own inverse"
    else:
        return
    raise InvalidInput(
        f"the gate {name} cannot be folded: {why}. Zero-noise extrapolation folds {', '.join(sorted(OWN_INVERSES))}; "
        "for other circuits, use resilience level 0 or 1, or the service's own program (via='service')."
    )
