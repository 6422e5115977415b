"""OpenQASM 3 text, read as far as statements, declarations and names.

The parser of the OpenQASM project is exact and slow. Most of what directed execution needs are declarations, names and
the ends of statements; `folding` uses the parser for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from attrs import field, frozen

from ..errors import InvalidInput

__all__ = ["CircuitText", "Measurement", "Statement", "circuit_of", "number_of", "pubs_of"]

_TOKEN: Final = re.compile(
    r"""
    (?P<skipped>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<line>\#?\bpragma\b[^\n]*)
    |(?P<text>"[^"\n]*"|'[^'\n]*')
    |(?P<name>\$\d+|[^\W\d]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<sign>->|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OLD: Final = re.compile(r"2(\.\d+)?")
_INPUT_TYPES: Final = ("float", "angle", "int", "uint")
MOST_DIGITS: Final = 6
"""Of sizes and indices: no device has a million qubits."""
_OPENING, _CLOSING = "{[(", "}])"


@frozen
class Statement:
    """A statement, with its blocks.

    Args:
        tokens: its tokens, without comments.
        places: where they are in the text.
        start, end: where it is in the text; `end` is after its `;` or `}`.
    """

    tokens: tuple[str, ...] = field()
    places: tuple[int, ...] = field(kw_only=True)
    start: int = field(kw_only=True)
    end: int = field(kw_only=True)

    def names(self, name: str) -> bool:
        """Whether the name occurs in it."""
        return name in self.tokens


@frozen
class Measurement:
    """A measurement at the end of a circuit.

    Args:
        start: where its statement begins.
        pairs: each qubit as an operand, with the register and the position of the bit that it is measured into.
    """

    start: int = field()
    pairs: tuple[tuple[str, str, int], ...] = field()


@frozen(slots=False)
class CircuitText:
    """An OpenQASM 3 text."""

    text: str = field()

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """All statements of the text, in order.

        Raises:
            InvalidInput: the text ends inside a statement.
        """
        found: list[Statement] = []
        tokens: list[str] = []
        places: list[int] = []
        start, depth, place = 0, 0, 0
        annotated: int | None = None
        while match := _TOKEN.match(self.text, place):
            kind, token, place = match.lastgroup, match[0], match.end()
            if kind == "skipped" or (kind == "line" and not tokens):
                continue
            if not tokens:
                start = match.start() if annotated is None else annotated
                if kind == "sign" and match[0].startswith("@"):
                    annotated, place = start, _end_of_line(self.text, place)
                    continue
                annotated = None
            tokens.append(token)
            places.append(match.start())
            if kind == "sign":
                depth += (token in _OPENING) - (token in _CLOSING)
                if depth <= 0 and token in (";", "}"):
                    found.append(Statement(tuple(tokens), places=tuple(places), start=start, end=place))
                    tokens, places, depth = [], [], 0
        if tokens:
            raise InvalidInput(f"the circuit ends inside the statement {' '.join(tokens[:8])!r}: a ';' is missing.")
        if found and found[0].tokens[0] == "OPENQASM" and _OLD.fullmatch(found[0].tokens[1]):
            raise InvalidInput("the circuit is OpenQASM 2: the executor takes OpenQASM 3 only.")
        return tuple(found)

    @cached_property
    def names(self) -> frozenset[str]:
        """All names, numbers and signs that occur."""
        return frozenset(token for statement in self.statements for token in statement.tokens)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of its parameters (`input` declarations) in their order.

        Raises:
            InvalidInput: one of them is not a number.
        """
        found = []
        for statement in self._inputs:
            if statement.tokens[1] not in _INPUT_TYPES:
                raise InvalidInput(f"{' '.join(statement.tokens)!r}: parameters of circuits are numbers.")
            found.append(statement.tokens[-2])
        return tuple(found)

    @property
    def _inputs(self) -> list[Statement]:
        return [statement for statement in self.statements if statement.tokens[0] == "input"]

    @cached_property
    def used_inputs(self) -> tuple[str, ...]:
        """Those of its parameters that occur outside their declaration."""
        others = frozenset(
            token for statement in self.statements if statement.tokens[0] != "input" for token in statement.tokens
        )
        return tuple(name for name in self.inputs if name in others)

    @cached_property
    def qubits(self) -> tuple[str, ...] | None:
        """Its qubits as operands, in order; None: it uses the device's qubits (`$0`)."""
        found: list[str] = []
        for statement in self.statements:
            if (declared := _declared(statement, "qubit")) is not None:
                name, size = declared
                found += [name] if size is None else [f"{name}[{index}]" for index in range(size)]
        return tuple(found) if found or not self.physical else None

    @cached_property
    def physical(self) -> frozenset[int]:
        """The device's qubits that it names."""
        return frozenset(number_of(name[1:]) for name in self.names if name[0] == "$" and name[1:].isdecimal())

    @cached_property
    def bits(self) -> Mapping[str, int | None]:
        """Its classical registers with their sizes; None: a single bit."""
        declared = (_declared(statement, "bit") for statement in self.statements)
        return dict(one for one in declared if one is not None)

    def operand(self, qubit: int) -> str:
        """The name of a qubit by its number.

        Raises:
            InvalidInput: the circuit has fewer qubits.
        """
        if self.qubits is None:
            return f"${qubit}"
        if qubit >= len(self.qubits):
            raise InvalidInput(f"the circuit has {len(self.qubits)} qubits: there is no qubit {qubit}.")
        return self.qubits[qubit]

    def free_name(self, wanted: str) -> str:
        """`wanted`, or a longer name that nothing in the text starts with."""
        while any(name.startswith(wanted) for name in self.names):
            wanted += "_"
        return wanted

    def with_parts(
        self, *, inputs: Sequence[str] = (), inserted: Mapping[int, str] | None = None, appended: str = ""
    ) -> str:
        """The text with all parameters declared at its beginning, in the order of their names.

        That is the order in which the service takes their values, whatever it goes by. Parameters that are not used are
        left out: the service would not count them. A single bit (`bit c;`) becomes a register of one, since results
        have registers only.

        Args:
            inputs: further parameters.
            inserted: statements to insert, by their place.
            appended: statements to append.
        """
        head = [statement for statement in self.statements if statement.tokens[0] in ("OPENQASM", "include")]
        begin = max((statement.end for statement in head), default=0)
        declared = [
            *([] if self._knows_gates or not (inserted or appended) else ['include "stdgates.inc";']),
            *(f"input float[64] {name};" for name in sorted([*self.used_inputs, *inputs])),
        ]
        changes = self._single_bits()
        for at, more in (inserted or {}).items():
            changes[at] = more + changes.get(at, "")
        changes[begin] = "".join(f"\n{line}" for line in declared) + changes.get(begin, "")
        cuts = {statement.start: statement.end for statement in self._inputs}
        parts, place = [], 0
        for at in sorted({*changes, *cuts}):
            parts += [self.text[place:at], changes.get(at, "")]
            place = cuts.get(at, at)
        return "".join([*parts, self.text[place:], "\n" if appended else "", appended])

    def _single_bits(self) -> dict[int, str]:
        """What to insert, and where, to make registers of single bits."""
        single = {name for name, size in self.bits.items() if size is None}
        changes = {}
        for statement in self.statements if single else ():
            tokens, places = statement.tokens, statement.places
            declared = tokens[0] == "bit" and tokens[1] in single
            if declared:
                changes[places[0] + len("bit")] = "[1]"
            for index, token in enumerate(tokens):
                end = places[index] + len(token)
                if token not in single or tokens[index + 1] == "[":
                    continue
                if not (declared and index == 1):
                    changes[end] = "[0]"
                elif tokens[2] == "=":
                    changes[end] = f"; {token}[0]"
        return changes

    @property
    def _knows_gates(self) -> bool:
        """Whether `rz` and `sx` are defined in it."""
        included = any("stdgates.inc" in token for token in self.names)
        defined = {statement.tokens[1] for statement in self.statements if statement.tokens[0] == "gate"}
        return included or {"rz", "sx"} <= defined

    @cached_property
    def final_measurements(self) -> tuple[Measurement, ...]:
        """The measurements after which neither qubit nor bit is used.

        Raises:
            InvalidInput: a measurement has operands other than registers and their elements.
        """
        found = []
        if {"let", "measure"} <= self.names:
            raise InvalidInput("measurements need the names of registers and their elements, not aliases ('let').")
        for place, statement in enumerate(self.statements):
            if "measure" not in statement.tokens or "{" in statement.tokens or statement.tokens[0] in ("if", "for"):
                continue
            pairs = self._measured(statement)
            later = self.statements[place + 1 :]
            if not any(_uses(one, pairs) for one in later):
                found.append(Measurement(statement.start, pairs))
        return tuple(found)

    def without_final_measurements(self) -> str:
        """The text without the measurements at its end, as estimators want it."""
        starts = {measurement.start for measurement in self.final_measurements}
        parts, place = [], 0
        for statement in self.statements:
            if statement.start in starts:
                declared = statement.tokens[: statement.tokens.index("=")] if statement.tokens[0] == "bit" else ()
                parts += [self.text[place : statement.start], f"{' '.join(declared)};" if declared else ""]
                place = statement.end
        return "".join([*parts, self.text[place:]])

    def _measured(self, statement: Statement) -> tuple[tuple[str, str, int], ...]:
        tokens = list(statement.tokens[:-1])
        at = tokens.index("measure")
        if "->" in tokens:
            arrow = tokens.index("->")
            source, target = tokens[at + 1 : arrow], tokens[arrow + 1 :]
        else:
            source, target = tokens[at + 1 :], tokens[: at - 1]
            if target[:1] == ["bit"]:
                target = target[-1:]
        qubits = self._elements(source, self._qubit_registers, statement)
        bits = self._elements(target, self.bits, statement) if target else []
        if len(qubits) != len(bits):
            raise InvalidInput(f"{' '.join(statement.tokens)!r}: a measurement needs as many bits as qubits.")
        return tuple(
            (name if index is None else f"{name}[{index}]", register, bit or 0)
            for (name, index), (register, bit) in zip(qubits, bits, strict=True)
        )

    @cached_property
    def _qubit_registers(self) -> Mapping[str, int | None]:
        declared = (_declared(statement, "qubit") for statement in self.statements)
        return dict(one for one in declared if one is not None)

    @staticmethod
    def _elements(
        operand: list[str], sizes: Mapping[str, int | None], statement: Statement
    ) -> list[tuple[str, int | None]]:
        match operand:
            case [name] if name[0] == "$" or (name in sizes and sizes[name] is None):
                return [(name, None)]
            case [name] if name in sizes:
                return [(name, index) for index in range(sizes[name] or 0)]
            case [name, "[", index, "]"] if index.isdecimal():
                return [(name, number_of(index))]
        raise InvalidInput(
            f"{' '.join(statement.tokens)!r}: the operands of a measurement must be registers or their elements."
        )


def number_of(digits: str) -> int:
    """A size or an index. Raises: InvalidInput: it is not one, or no device has so many bits."""
    if not digits.isdecimal() or len(digits) > MOST_DIGITS:
        raise InvalidInput(f"{digits[:20]!r}: expected a number of at most {MOST_DIGITS} digits.")
    return int(digits)


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _declared(statement: Statement, kind: str) -> tuple[str, int | None] | None:
    """Name and size of a declared register; None: it is another statement."""
    match statement.tokens:
        case (first, "[", size, "]", name, *_) if first == kind and size.isdecimal():
            return name, number_of(size)
        case (first, name, *_) if first == kind and name != "[":
            return name, None
        case (("qreg" | "creg") as first, name, "[", size, "]", *_) if (first == "qreg") == (kind == "qubit"):
            return name, number_of(size)
        case (first, *_) if first == kind:
            raise InvalidInput(f"{' '.join(statement.tokens)!r}: expected a size in digits.")
    return None


def _uses(statement: Statement, pairs: tuple[tuple[str, str, int], ...]) -> bool:
    """Whether a statement uses one of the measured qubits or bits."""
    if statement.tokens[0] == "barrier":
        return False
    elements = {(register, str(bit)) for _, register, bit in pairs}
    for qubit, _, _ in pairs:
        name, _, index = qubit.partition("[")
        elements.add((name, index.rstrip("]")))
    names = {name for name, _ in elements}
    for place, token in enumerate(statement.tokens):
        if token in names:
            following = statement.tokens[place + 1 : place + 4]
            index = following[1] if following[:1] == ("[",) and following[2:] == ("]",) else ""
            if not index.isdecimal() or (token, index) in elements:
                return True
    return False


def pubs_of(params: Mapping[str, Any]) -> list[Any]:
    """The pubs of the params of a primitive. Raises: InvalidInput."""
    pubs = params.get("pubs")
    if not isinstance(pubs, list) or not pubs:
        raise InvalidInput("params: expected a list of pubs as `pubs`.")
    return pubs


def circuit_of(pub: Any) -> CircuitText:
    """The circuit of a pub. Raises: InvalidInput."""
    if not isinstance(pub, list) or not pub or not isinstance(pub[0], str):
        raise InvalidInput(
            "with via='executor', a circuit is an OpenQASM 3 text; with Qiskit, qiskit.qasm3.dumps(circuit)."
        )
    return CircuitText(pub[0])
