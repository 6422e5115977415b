"""Changes to a parsed module: texts of literals, names, and comments above statements. The rest stays as it is."""

# ruff: noqa: N802 - libcst gives the visitors their names

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import libcst as cst
import libcst.matchers as m

from ..table import Route
from . import rules
from .addresses import MARK, Address
from .facts import Literal, SourceString, inner

__all__ = ["Edits", "Replacement", "address_changes", "comment_text"]
HTTP = ("http://", "https://")
INSTANCE_HEADER = "Service-CRN"
BETWEEN = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
LOGIN_PATH = "/users/loginWithToken"
OS = m.Import(names=[m.ZeroOrMore(), m.ImportAlias(name=m.Name("os"), asname=None), m.ZeroOrMore()])
IMPORTS_OS = m.SimpleStatementLine(body=[m.ZeroOrMore(), OS, m.ZeroOrMore()])

Change: TypeAlias = tuple[Literal, int, int, str]
"""A literal, start and end in it, and the new text."""

Replacement: TypeAlias = Callable[[cst.BaseExpression], list[tuple[str, cst.BaseExpression]]]
"""The new keys and values of an element of a dictionary, from its old value."""


@dataclass
class Edits:
    """The changes, by node of the parsed module."""

    texts: dict[Literal, set[tuple[int, int, str]]] = field(default_factory=lambda: defaultdict(set))
    names: dict[cst.Name, str] = field(default_factory=dict)
    elements: dict[cst.DictElement, Replacement] = field(default_factory=dict)
    device_names: set[cst.CSTNode] = field(default_factory=set)
    """Expressions with a list of devices, of which the program wants the names."""
    comments: dict[cst.CSTNode, list[str]] = field(default_factory=lambda: defaultdict(list))

    def comment(self, statement: cst.CSTNode, text: str) -> None:
        """Put a comment above a statement, without duplicates."""
        if text not in self.comments[statement]:
            self.comments[statement].append(text)

    def add(self, other: Edits) -> None:
        """Take the changes of `other`, too."""
        for literal, changes in other.texts.items():
            self.texts[literal] |= changes
        self.names |= other.names
        self.elements |= other.elements
        self.device_names |= other.device_names

    def apply(self, module: cst.Module) -> str:
        """The source of the changed module."""
        editor = _Editor(self, module)
        changed = module.visit(editor)
        return (_with_import(changed) if editor.needs_os else changed).code


class _Editor(cst.CSTTransformer):
    def __init__(self, edits: Edits, module: cst.Module) -> None:
        super().__init__()
        self._edits = edits
        self._first = module.body[0] if module.body else None
        self._header = module.header
        self._has_os = any(m.matches(line, IMPORTS_OS) for line in module.body)
        self.needs_os = False

    def leave_SimpleString(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> cst.SimpleString:
        if original_node not in self._edits.texts:
            return updated_node
        start, quote = original_node.prefix, original_node.quote
        text = original_node.value[len(start) : len(start) + len(quote)]
        begin = original_node.value[: len(start)] + text
        return updated_node.with_changes(value=begin + self._edited(original_node) + text)

    def leave_FormattedStringText(
        self, original_node: cst.FormattedStringText, updated_node: cst.FormattedStringText
    ) -> cst.FormattedStringText:
        if original_node not in self._edits.texts:
            return updated_node
        return updated_node.with_changes(value=self._edited(original_node))

    def _edited(self, literal: Literal) -> str:
        text = inner(literal)
        for start, end, new in sorted(self._edits.texts[literal], reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        name = self._edits.names.get(original_node)
        return updated_node.with_changes(value=name) if name else updated_node

    def leave_DictElement(
        self, original_node: cst.DictElement, updated_node: cst.DictElement
    ) -> cst.DictElement | cst.RemovalSentinel | cst.FlattenSentinel[cst.DictElement]:
        make = self._edits.elements.get(original_node)
        if make is None:
            return updated_node
        made = make(updated_node.value)
        if not made:
            return cst.RemoveFromParent()
        quote = original_node.key.quote if isinstance(original_node.key, cst.SimpleString) else '"'
        self.needs_os = self.needs_os or (len(made) > 1 and not self._has_os and made[-1][0] == INSTANCE_HEADER)
        new = [
            updated_node.with_changes(key=cst.SimpleString(f"{quote}{key}{quote}"), value=value, comma=BETWEEN)
            for key, value in made
        ]
        return cst.FlattenSentinel([*new[:-1], new[-1].with_changes(comma=updated_node.comma)])

    def leave_Dict(self, original_node: cst.Dict, updated_node: cst.Dict) -> cst.Dict:
        last, left = original_node.elements[-1:], list(updated_node.elements)
        if len(left) == len(original_node.elements) or not left or not self._edits.elements.keys() & set(last):
            return updated_node
        # Without the last element, the one before it ends as that did.
        return updated_node.with_changes(elements=[*left[:-1], left[-1].with_changes(comma=last[0].comma)])

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.BaseExpression:
        if original_node not in self._edits.device_names:
            return updated_node
        each = cst.CompFor(target=cst.Name("device"), iter=updated_node)
        return cst.ListComp(elt=cst.parse_expression('device["name"]'), for_in=each)

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        updated = super().on_leave(original_node, updated_node)
        wanted = self._edits.comments.get(original_node)
        if not wanted or isinstance(updated, cst.RemovalSentinel | cst.FlattenSentinel):
            return updated
        lines: list[cst.EmptyLine] = list(getattr(original_node, "leading_lines", ()))
        above = [*self._header, *lines] if original_node is self._first else lines
        there = {line.comment.value for line in above if line.comment}
        new = [cst.EmptyLine(comment=cst.Comment(text)) for text in wanted if text not in there]
        return updated.with_changes(leading_lines=[*lines, *new])


def _with_import(module: cst.Module) -> cst.Module:
    """The module with `import os` before its first import, or before its first statement."""
    future = m.SimpleStatementLine(body=[m.ImportFrom(module=m.Name("__future__"))])
    text = m.SimpleStatementLine(body=[m.Expr(value=m.SimpleString() | m.ConcatenatedString())])
    imports = m.SimpleStatementLine(body=[m.Import() | m.ImportFrom()])
    body = list(module.body)
    places = [place for place, one in enumerate(body) if m.matches(one, imports) and not m.matches(one, future)]
    others = [place for place, one in enumerate(body) if not m.matches(one, future | text)]
    place = (places or others or [len(body)])[0]
    above = getattr(body[place], "leading_lines", ()) if place < len(body) else ()
    new = cst.SimpleStatementLine([cst.Import([cst.ImportAlias(cst.Name("os"))])], leading_lines=above)
    if place < len(body):
        body[place] = body[place].with_changes(leading_lines=())
    return module.with_changes(body=[*body[:place], new, *body[place:]])


def comment_text(title: str, becomes: str, link: str) -> str:
    """A comment that says what to change."""
    return f"{MARK}{title} -> {becomes}. See: {link}"


def address_changes(string: SourceString, address: Address, routes: tuple[Route, ...]) -> list[Change] | None:
    """The changes that turn an address into that of v1; None if they are not safe."""
    logs_in = all(route.path == LOGIN_PATH for route in routes) and bool(routes)
    serves_tokens = address.host is not None and address.host.serves == "auth"
    right = logs_in or all(map(rules.same_names, routes)) if routes else not address.path and address.host is not None
    if not right or string.joined or (address.host and address.scheme not in HTTP):
        return None
    changes: list[Change] = []
    base = string.own(address.start, address.base_end)
    if address.base_end > address.start and base:
        whole = sum(part.end - part.start for part in base) == address.base_end - address.start
        begun_here = base[0].at == address.start
        if address.host is None or (begun_here and not whole):
            return None  # the text before it is not known
        new = (rules.IAM_BASE if serves_tokens else rules.V1_BASE) if begun_here else ""
        changes += [(part.literal, part.start, part.end, "" if place else new) for place, part in enumerate(base)]
    if logs_in:
        path = string.own(address.base_end, address.end)
        if len(path) != 1 or path[0].end - path[0].start != address.end - address.base_end:
            return None
        return [*changes, (path[0].literal, path[0].start, path[0].end, rules.IAM_TOKEN_PATH)]
    segments = rules.renamed(routes[0]) if routes else {}
    offset = address.base_end
    for place, segment in enumerate(string.text[address.base_end : address.end].split("/")):
        if place in segments:
            parts = string.own(offset, offset + len(segment))
            if not (len(parts) == 1 and parts[0].end - parts[0].start == len(segment)):
                return None
            changes.append((parts[0].literal, parts[0].start, parts[0].end, segments[place]))
        offset += len(segment) + 1
    return changes
