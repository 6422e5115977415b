"""Parse large JSON documents without making Python objects of their bulk.

The bulk of a result is a few long base64 texts, or lists of a million hexadecimal samples. `json.loads` would make
Python objects of them, several times the size of the document. Here short placeholders replace them before parsing;
after it, `PackedText` and `SampleTexts` replace the placeholders. They point into the document.
"""

from __future__ import annotations

import itertools
import json
import mmap
import re
import secrets
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from attrs import field, frozen

__all__ = ["LARGE_BYTES", "STEP", "PackedText", "SampleTexts", "Source", "load_large"]

Source: TypeAlias = bytes | mmap.mmap
"""The bytes of a result: in memory, or in a file that is mapped into memory."""

LARGE_BYTES: Final = 4 * 2**20
"""Documents from this size on are large. Smaller ones are parsed whole, which is faster."""

STEP: Final = 2**18
"""Bytes of base64 or samples to unpack at a time; a multiple of 4."""

LONG_TEXT_BYTES: Final = 2**16
_SAMPLES: Final = b'"samples"'
_TEXT: Final = re.compile(rb':[ \t\r\n]*"(?=[A-Za-z0-9+/])')
_LISTS: Final = re.compile(rb'"samples"[ \t\r\n]*:[ \t\r\n]*(\[[ \t\r\n"0-9a-fA-Fx,\[\]]{256,}\])')
_INNERMOST: Final = re.compile(rb'\[([^\[\]"]*"[^\[\]]{128,})\]')


@frozen
class PackedText:
    """A long text in the document, probably base64; `start` and `stop` are inside its quotation marks."""

    source: Source = field(repr=False)
    start: int = field()
    stop: int = field()

    def whole(self) -> str:
        """The text itself."""
        return str(json.loads(self.source[self.start - 1 : self.stop + 1]))


@frozen
class SampleTexts:
    """A list of hexadecimal samples in the document; `start` and `stop` are inside its brackets."""

    source: Source = field(repr=False)
    start: int = field()
    stop: int = field()

    def whole(self) -> Any:
        """The list itself."""
        return json.loads(b"[" + self.source[self.start : self.stop] + b"]")

    def parts(self) -> Iterator[list[Any]]:
        """The list, some ten thousand samples at a time.

        Raises:
            ValueError: it is not a JSON list.
        """
        start = self.start
        while start <= self.stop:
            comma = self.source.rfind(b",", start, start + STEP) if self.stop - start > STEP else -1
            end = comma if comma >= 0 else self.stop
            yield json.loads(b"[" + self.source[start:end] + b"]")
            start = end + 1


def load_large(source: Source) -> Any:
    """The JSON document in `source`, its bulk as `PackedText` and `SampleTexts` where readers of results expect it.

    Raises:
        ValueError: not JSON, or not UTF-8.
    """
    # The mark cannot be guessed, so a text of the document cannot pass for a placeholder.
    mark = secrets.token_hex(16)
    bulk: list[PackedText | SampleTexts] = []
    skeleton: list[bytes] = []
    done = 0
    for found in sorted(_bulk_of(source), key=lambda part: part.start):
        placeholder, margin = f"{mark}{len(bulk)}", 0
        if isinstance(found, SampleTexts):
            # A text takes the place of the list, with its brackets.
            placeholder, margin = f'"{placeholder}"', 1
        skeleton += [source[done : found.start - margin], placeholder.encode()]
        bulk.append(found)
        done = found.stop + margin
    skeleton.append(source[done:])

    def samples(value: Any, *, keep: bool) -> Any:
        if isinstance(value, list):
            return [samples(part, keep=keep) for part in value]
        if not isinstance(value, str) or not value.startswith(mark):
            return value
        found = bulk[int(value[len(mark) :])]
        return found if keep and isinstance(found, SampleTexts) else found.whole()

    def restore(value: dict[str, Any]) -> dict[str, Any]:
        for name, part in value.items():
            if name == "samples":
                value[name] = samples(part, keep="num_bits" in value)
            elif isinstance(part, str) and part.startswith(mark):
                found = bulk[int(part[len(mark) :])]
                value[name] = found if _is_packed_data(value) else found.whole()
        return value

    text = b"".join(skeleton).decode("utf-8-sig")
    skeleton.clear()
    return json.loads(text, object_hook=restore)


def _bulk_of(source: Source) -> Iterator[PackedText | SampleTexts]:
    return itertools.chain(_long_texts(source), _long_lists(source))


def _long_texts(source: Source) -> Iterator[PackedText]:
    at = 0
    # A closing quotation mark, too, can follow a colon: the next character tells the two apart.
    while (found := _TEXT.search(source, at)) is not None:
        at, start = found.end(), found.end()
        stop = source.find(b'"', start)
        if stop - start >= LONG_TEXT_BYTES:
            at = stop
            if source.find(b"\\", start, stop) < 0:
                yield PackedText(source, start, stop)


def _long_lists(source: Source) -> Iterator[SampleTexts]:
    at = 0
    while (at := source.find(_SAMPLES, at)) >= 0:
        found = _LISTS.match(source, at)
        if found is not None and source[at - 1 : at] != b"\\":
            for inner in _INNERMOST.finditer(source, found.start(1), found.end(1)):
                yield SampleTexts(source, inner.start(1), inner.end(1))
        at = found.end() if found is not None else at + len(_SAMPLES)


def _is_packed_data(value: dict[str, Any]) -> bool:
    return value.get("__type__") == "ndarray" or ("dtype" in value and "shape" in value)
