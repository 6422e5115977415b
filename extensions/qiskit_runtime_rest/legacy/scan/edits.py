"""Changes to a parsed module: texts of literals, names, and comments above statements. The rest stays as it is."""

# ruff: noqa: N802 - libcst gives the visitors their names

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

import libcst as cst

from ..table import Route
from . import rules
from .addresses import MARK, Address
from .facts import Literal, SourceString, inner

__all__ = ["Edits", "address_changes", "comment_text"]
HTTP = ("http://", "https://")

Change: TypeAlias = tuple[Literal, int, int, str]
"""A literal, start and end in it, and the new text."""


@dataclass
class Edits:
    """The changes, by node of the parsed module."""

    texts: dict[Literal, set[tuple[int, int, str]]] = field(default_factory=lambda: defaultdict(set))
    names: dict[cst.Name, str] = field(default_factory=dict)
    comments: dict[cst.CSTNode, list[str]] = field(default_factory=lambda: defaultdict(list))

    def comment(self, statement: cst.CSTNode, text: str) -> None:
        """Put a comment above a statement, without duplicates."""
        if text not in self.comments[statement]:
            self.comments[statement].append(text)

    def apply(self, module: cst.Module) -> str:
        """The source of the changed module."""
        return module.visit(_Editor(self, module)).code


class _Editor(cst.CSTTransformer):
    def __init__(self, edits: Edits, module: cst.Module) -> None:
        super().__init__()
        self._edits = edits
        self._first = module.body[0] if module.body else None
        self._header = module.header

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


def comment_text(title: str, becomes: str, link: str) -> str:
    """A comment that says what to change."""
    return f"{MARK}{title} -> {becomes}. See: {link}"


def address_changes(string: SourceString, address: Address, routes: tuple[Route, ...]) -> list[Change] | None:
    """The changes that turn an address into that of v1; None if they are not safe."""
    if routes:
        right = all(map(rules.same_names, routes))
    else:
        right = not address.path and address.host is not None and address.host.serves != "auth"
    if not right or string.joined or (address.host and address.scheme not in HTTP):
        return None
    changes: list[Change] = []
    base = string.own(address.start, address.base_end)
    if address.base_end > address.start and base:
        whole = sum(part.end - part.start for part in base) == address.base_end - address.start
        begun_here = base[0].at == address.start
        if address.host is None or (begun_here and not whole):
            return None  # the text before it is not known
        new = rules.V1_BASE if begun_here else ""
        changes += [(part.literal, part.start, part.end, "" if place else new) for place, part in enumerate(base)]
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
