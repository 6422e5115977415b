"""Python's string expressions as text with holes, and which part of the source each character comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import libcst as cst

from .matching import HOLE, holed

__all__ = ["Constants", "Literal", "Piece", "Template", "dotted", "inner"]

Literal: TypeAlias = cst.SimpleString | cst.FormattedStringText

DEPTH = 8
"""So many names may stand for each other."""


@dataclass(frozen=True)
class Piece:
    """A part of a string.

    Attributes:
        text: what it says; a hole where only the running program knows.
        literal: where the text is written, in this expression; None for holes and names.
        joint: where `urljoin` joins: what stands before decides how much of it stays.
    """

    text: str
    literal: Literal | None = None
    joint: bool = False


Template: TypeAlias = tuple[Piece, ...]

UNKNOWN: Template = (Piece(HOLE),)


def inner(literal: Literal) -> str:
    """The text of a literal as the source spells it, without quotes."""
    return literal.raw_value if isinstance(literal, cst.SimpleString) else literal.value


def dotted(node: cst.CSTNode) -> str:
    """`a.b.c` of names and attributes; empty for everything else, but for calls, which are left out of the chain."""
    match node:
        case cst.Name():
            return node.value
        case cst.Attribute():
            return f"{dotted(node.value)}.{node.attr.value}"
        case cst.Call():
            return dotted(node.func)
        case _:
            return ""


class Constants:
    """The strings that names stand for, where a file gives each one value only."""

    def __init__(self) -> None:
        """Know no names."""
        self._values: dict[str, list[cst.BaseExpression]] = {}

    def assign(self, name: str, value: cst.BaseExpression) -> None:
        """Note that `name`, which may be dotted, is given `value` somewhere."""
        self._values.setdefault(name, []).append(value)

    def value(self, name: str) -> cst.BaseExpression | None:
        """The expression a name stands for; None where there is none, or more than one."""
        values = self._values.get(name, ())
        return values[0] if len(values) == 1 else None

    def template(self, node: cst.BaseExpression, depth: int = DEPTH) -> Template | None:
        """What an expression says as text; None when it is no string as far as one can see."""
        match node:
            case cst.SimpleString():
                return (Piece(inner(node), node),)
            case cst.ConcatenatedString():
                return (self.template(node.left, depth) or ()) + (self.template(node.right, depth) or ())
            case cst.FormattedString():
                return tuple(piece for part in node.parts for piece in self._part(part, depth))
            case cst.BinaryOperation(operator=cst.Add()):
                left, right = self.template(node.left, depth), self.template(node.right, depth)
                return None if left is None and right is None else (left or UNKNOWN) + (right or UNKNOWN)
            case cst.BinaryOperation(operator=cst.Modulo()):
                return _filled(self.template(node.left, depth))
            case cst.Call():
                return self._call(node, depth)
            case cst.Name() | cst.Attribute():
                return self._named(node, depth)
            case _:
                return None

    def _part(self, part: cst.BaseFormattedStringContent, depth: int) -> Template:
        if isinstance(part, cst.FormattedStringText):
            return (Piece(part.value, part),)
        expression = part.expression if isinstance(part, cst.FormattedStringExpression) else None
        known = self.template(expression, depth) if expression is not None else None
        return _borrowed(known) or UNKNOWN

    def _call(self, call: cst.Call, depth: int) -> Template | None:
        name = dotted(call.func).rpartition(".")[2]
        values = [argument.value for argument in call.args if not argument.star and argument.keyword is None]
        if name == "format" and isinstance(call.func, cst.Attribute):
            return _filled(self.template(call.func.value, depth))
        if name == "urljoin" and len(values) == 2:
            base, path = (self.template(value, depth) for value in values)
            return _joined(base or UNKNOWN, path or UNKNOWN)
        if (name == "getenv" or dotted(call.func).endswith("environ.get")) and len(values) == 2:
            return self.template(values[1], depth)
        return None

    def _named(self, node: cst.BaseExpression, depth: int) -> Template | None:
        value = self.value(dotted(node))
        return _borrowed(self.template(value, depth - 1)) if value is not None and depth else None


def _borrowed(template: Template | None) -> Template | None:
    return template and tuple(Piece(piece.text) for piece in template)


def _filled(template: Template | None) -> Template | None:
    return template and tuple(Piece(holed(piece.text), piece.literal) for piece in template)


def _joined(base: Template, path: Template) -> Template:
    slashes = _text(base).endswith("/") + _text(path).startswith("/")
    return (*base, Piece("" if slashes else "/", joint=True), *path)


def _text(template: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in template)
