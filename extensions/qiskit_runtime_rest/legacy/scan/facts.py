"""Facts about the Python of a whole file, over all cells of a notebook: imports, constants, classic calls."""

# ruff: noqa: N802, D102 - libcst gives the visitors their names

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import libcst as cst
import libcst.matchers as m

from .addresses import HOLE, METHODS, Evidence, addresses, distinct, path_address, routes_of

__all__ = ["Facts", "Literal", "Piece", "SourceString", "dotted", "inner", "method_of"]

Literal: TypeAlias = cst.SimpleString | cst.FormattedStringText

DEPTH = 8
"""The longest chain of names that stand for each other."""
LONGEST = 10_000
"""Characters. A longer text of a name is not an address."""
MOST_VALUES = 20
"""The number of values of a name that are looked at."""
VERBS = {method.lower(): method for method in METHODS}
BRACES = re.compile(r"\{(?P<name>\w*)[^{}]{0,100}\}")
PERCENT = re.compile(r"%(?:\((?P<name>\w+)\))?[-+ #0-9.]*[a-zA-Z]")
SOCKETS = ("connect", "create_connection", "WebSocketApp", "ws_connect")


@dataclass(frozen=True)
class Piece:
    """A part of a string.

    Attributes:
        text: its value; a hole if only the running program knows it.
        literal: the literal of this expression with the text; None for holes and names.
        joint: whether `urljoin` joins here: how much of the base stays is not known.
        offset: where the text begins in the literal.
    """

    text: str
    literal: Literal | None = None
    joint: bool = False
    offset: int = 0


Template: TypeAlias = tuple[Piece, ...]

UNKNOWN: Template = (Piece(HOLE),)


def inner(literal: Literal) -> str:
    """The text of a literal as the source spells it, without quotes."""
    return literal.raw_value if isinstance(literal, cst.SimpleString) else literal.value


def dotted(node: cst.CSTNode) -> str:
    """`a.b.c` for names and attributes; calls in the chain are skipped. Empty for other expressions."""
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
    """The strings of names: the value that was assigned last before a use, in the order of the text."""

    def __init__(self) -> None:
        """Start empty."""
        self._values: dict[str, list[cst.BaseExpression]] = {}
        self._known: dict[tuple[str, int, int], Template | None] = {}
        self._counts: dict[cst.CSTNode, int] = {}

    def use(self, node: cst.CSTNode) -> None:
        """Note how many values a name has where it is used."""
        self._counts[node] = self.count(dotted(node))

    def assign(self, name: str, value: cst.BaseExpression) -> None:
        """Note an assignment of `value` to `name`, which may be dotted."""
        self._values.setdefault(name, []).append(value)

    def value(self, name: str) -> cst.BaseExpression | None:
        """The expression assigned to `name`; None if there is none, or more than one."""
        values = self._values.get(name, ())
        return values[0] if len(values) == 1 else None

    def count(self, name: str) -> int:
        """How many values were assigned to `name` so far."""
        return len(self._values.get(name, ()))

    def earlier(self, name: str, count: int) -> cst.BaseExpression | None:
        """The value that `name` had after so many assignments."""
        return self._values[name][count - 1] if count else None

    def template(self, node: cst.BaseExpression, depth: int = DEPTH) -> Template | None:
        """The pieces of a string expression; None if it is not known to be a string."""
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
                values = (
                    [one.value for one in node.right.elements] if isinstance(node.right, cst.Tuple) else [node.right]
                )
                return self._filled(self.template(node.left, depth), PERCENT, values, {}, depth)
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
            named = {one.keyword.value: one.value for one in call.args if one.keyword is not None}
            return self._filled(self.template(call.func.value, depth), BRACES, values, named, depth)
        if name == "join" and len(values) == 1 and isinstance(values[0], cst.List | cst.Tuple):
            between = self.template(call.func.value, depth) if isinstance(call.func, cst.Attribute) else None
            parts = [self.template(one.value, depth) or UNKNOWN for one in values[0].elements]
            return (
                parts[0] + tuple(piece for part in parts[1:] for piece in (between or UNKNOWN) + part)
                if parts
                else None
            )
        if name == "urljoin" and len(values) == 2:
            base, path = (self.template(value, depth) for value in values)
            return _joined(base or UNKNOWN, path or UNKNOWN)
        if (name == "getenv" or dotted(call.func).endswith("environ.get")) and len(values) == 2:
            return self.template(values[1], depth)
        return None

    def _filled(
        self,
        template: Template | None,
        holes: re.Pattern[str],
        values: Sequence[cst.BaseExpression],
        named: Mapping[str, cst.BaseExpression],
        depth: int,
    ) -> Template | None:
        """A template with values in its holes."""
        if template is None:
            return None
        left = iter(values)
        filled: list[Piece] = []
        for piece in template:
            at = 0
            for hole in holes.finditer(piece.text):
                name = hole["name"] or ""
                value = named.get(name) or (values[int(name)] if name.isdecimal() and int(name) < len(values) else None)
                value = next(left, None) if not name else value
                known = self.template(value, depth) if value is not None else None
                filled += [Piece(piece.text[at : hole.start()], piece.literal, offset=piece.offset + at)]
                filled += _borrowed(known) or UNKNOWN
                at = hole.end()
            filled.append(Piece(piece.text[at:], piece.literal, offset=piece.offset + at))
        return tuple(filled)

    def _named(self, node: cst.BaseExpression, depth: int) -> Template | None:
        name = dotted(node)
        key = (name, self._counts.get(node, 0), depth)
        if key not in self._known:
            known = self._value_at(name, key[1], depth - 1) if depth else None
            self._known[key] = known if known is None or len(_text(known)) < LONGEST else UNKNOWN
        return self._known[key]

    def _value_at(self, name: str, count: int, depth: int) -> Template | None:
        """The value of a name after so many assignments; before any, the first one with a classic address."""
        values = self._values.get(name, ())
        if count and (last := _borrowed(self.template(values[count - 1], depth))):
            return last
        found = [_borrowed(self.template(value, depth)) for value in values[:MOST_VALUES]]
        if len(found) == 1:
            return found[0]
        return next((one for one in found if one and any(addresses(_text(one)))), None)


def _borrowed(template: Template | None) -> Template | None:
    return template and tuple(Piece(piece.text) for piece in template)


def _joined(base: Template, path: Template) -> Template:
    slashes = _text(base).endswith("/") + _text(path).startswith("/")
    return (*base, Piece("" if slashes else "/", joint=True), *path)


def _text(template: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in template)


@dataclass(frozen=True)
class Part:
    """A part of a string that one literal holds: it begins at `at` in the string, and is `start:end` of the literal."""

    literal: Literal
    at: int
    start: int
    end: int


class SourceString:
    """The text of a string expression, and the literals that its parts are written in."""

    def __init__(self, template: Template) -> None:
        """Join the pieces of `template`."""
        self._template = template
        self.text = "".join(piece.text for piece in template)
        self.joined = any(piece.joint for piece in template)

    def _placed(self) -> Iterator[tuple[int, Piece]]:
        at = 0
        for piece in self._template:
            yield at, piece
            at += len(piece.text)

    def own(self, start: int, end: int) -> list[Part]:
        """The parts between two offsets that literals of this expression hold."""
        return [
            Part(
                piece.literal,
                max(start, at),
                max(start, at) - at + piece.offset,
                min(end, at + len(piece.text)) - at + piece.offset,
            )
            for at, piece in self._placed()
            if piece.literal is not None and at < end and start < at + len(piece.text)
        ]

    def shown(self, start: int, end: int) -> str:
        """The text between two offsets as its literals spell it, with `{}` for the rest."""
        return "".join(
            inner(piece.literal)[piece.offset :][: len(piece.text)][max(start - at, 0) : end - at]
            if piece.literal is not None
            else "{}"
            for at, piece in self._placed()
            if at < end and start < at + len(piece.text)
        )


class Facts(cst.CSTVisitor):
    """Facts from a walk over each module, before the search for findings.

    Attributes:
        evidence: of the whole file.
        imports: the dotted name of each imported name.
        constants: the strings of names.
        classic: calls with a classic address.
        sent: names in the arguments of such calls.
        lookups: keys that are read somewhere. They must not be renamed in dictionaries.
    """

    def __init__(self, evidence: Evidence, imported: Mapping[str, str]) -> None:
        """Start with the evidence, and the values of imported names."""
        super().__init__()
        self.evidence = evidence
        self.imports = {"IBMQ": "qiskit.IBMQ"}
        self.constants = Constants()
        for name, text in imported.items():
            self.constants.assign(name, cst.SimpleString(repr(text)))
        self.classic: set[cst.Call] = set()
        self.sent: set[str] = set()
        self.lookups: set[str] = set()
        self._calls: list[tuple[cst.Call, dict[str, int]]] = []
        self._methods: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._numbers: dict[cst.BaseExpression, int] = {}

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            name = dotted(alias.name)
            bound = alias.evaluated_alias
            self.imports[bound or name.partition(".")[0]] = name if bound else name.partition(".")[0]

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if node.module is None or isinstance(node.names, cst.ImportStar):
            return
        for alias in node.names:
            self.imports[alias.evaluated_alias or alias.evaluated_name] = (
                f"{dotted(node.module)}.{alias.evaluated_name}"
            )

    def visit_Name(self, node: cst.Name) -> None:
        self.constants.use(node)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        self.constants.use(node)

    # Assignments count when they are left, so that the old value stands in `url = url + "/jobs"`.

    def leave_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            if name := dotted(target.target):
                self.constants.assign(name, node.value)
                self._numbers[node.value] = self.constants.count(name)

    def leave_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None and (name := dotted(node.target)):
            self.constants.assign(name, node.value)

    def leave_AugAssign(self, node: cst.AugAssign) -> None:
        if isinstance(node.operator, cst.AddAssign) and dotted(node.target):
            self.constants.assign(dotted(node.target), cst.BinaryOperation(node.target, cst.Add(), node.value))

    def visit_Param(self, node: cst.Param) -> None:
        if node.default is not None:
            self.constants.assign(node.name.value, node.default)

    def visit_Call(self, node: cst.Call) -> None:
        names = filter(None, (dotted(argument.value) for argument in node.args))
        self._calls.append((node, {name: self.constants.count(name) for name in names}))
        if dotted(node.func).endswith((".get", ".pop")) and node.args:
            self._look_up(node.args[0].value)

    def visit_Subscript(self, node: cst.Subscript) -> None:
        for element in node.slice:
            if isinstance(element.slice, cst.Index):
                self._look_up(element.slice.value)

    def _look_up(self, key: cst.BaseExpression) -> None:
        if isinstance(key, cst.SimpleString):
            self.lookups.add(key.raw_value)

    def conclude(self) -> None:
        """Find the calls with classic addresses, after the walk over all modules."""
        for call, counts in self._calls:
            method = method_of(call)
            for argument in call.args:
                name = dotted(argument.value)
                if method and name:
                    self._methods[name, counts[name]].add(method)
                value = self.constants.earlier(name, counts[name]) if name else None
                if self.is_classic(self.constants.template(value or argument.value)):
                    self.classic.add(call)
                    self.sent |= set(_names(call.args))

    def is_classic(self, template: Template | None) -> bool:
        """Whether a string is a classic address."""
        text = "".join(piece.text for piece in template or ())
        if any(addresses(text)):
            return True
        found = path_address(text)
        return (
            found is not None
            and bool(routes_of(found.path, None))
            and (self.evidence.addresses or distinct(text, found))
        )

    def method_given(self, name: str, value: cst.BaseExpression) -> str | None:
        """The method of the calls with the address of this name, while it has this value; None if there are several."""
        count = self._numbers.get(value, 0)
        # A function may be called before the assignment below it.
        methods = self._methods[name, count] or (self._methods[name, 0] if count == 1 else set())
        return next(iter(methods)) if len(methods) == 1 else None

    def full_name(self, node: cst.CSTNode) -> str:
        """The imported name, dotted: `qiskit.IBMQ.load_account`."""
        first, dot, rest = dotted(node).partition(".")
        return self.imports.get(first, first) + dot + rest


def _names(arguments: Iterable[cst.Arg]) -> Iterator[str]:
    for argument in arguments:
        for node in m.findall(argument.value, m.Name()):
            yield node.value if isinstance(node, cst.Name) else ""


def method_of(call: cst.Call) -> str | None:
    """The HTTP method of a call of a client library; None if it is not visible."""
    name = dotted(call.func).rpartition(".")[2]
    if name in VERBS:
        return VERBS[name]
    if name in SOCKETS:
        return "GET"
    if name not in ("request", "stream", "Request", "build_request", "open", "send_request", "urlopen"):
        return None
    given = [argument for argument in call.args if isinstance(argument.value, cst.SimpleString)]
    for argument in given:
        text = argument.value.raw_value.upper() if isinstance(argument.value, cst.SimpleString) else ""
        if text in METHODS:
            return text
    sends = any(argument.keyword is not None and argument.keyword.value in ("data", "json") for argument in call.args)
    return "POST" if sends else None
