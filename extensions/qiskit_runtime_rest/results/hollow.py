"""Large documents without their bulk: what is long in them stays in the bytes, and only the skeleton becomes objects.

The bulk of a result is in a few long base64 texts, or in lists of a million hexadecimal samples. `json.loads` would
make Python objects of all that, several times the size of the document. Here they are replaced by short placeholders
before parsing, and by `PackedText` and `SampleTexts` after it, which point into the document.
"""

from __future__ import annotations

import binascii
import io
import json
import mmap
import re
import secrets
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from .malformed import Malformed

__all__ = ["HOLLOW_FROM_BYTES", "PackedText", "SampleTexts", "Source", "load_hollow", "unbase64_in_steps"]

Source: TypeAlias = bytes | mmap.mmap
"""Where the bytes of a result are: in memory, or in a file mapped into it."""

HOLLOW_FROM_BYTES: Final = 4 * 2**20
"""Smaller documents are parsed whole: that is faster, and their objects are small, too."""

STEP: Final = 2**18
"""Bytes of base64 or samples that are unpacked at a time; a multiple of 4."""

# The colon makes sure that the quotation mark opens a text: inside one it could only come escaped.
_LONG_TEXT: Final = re.compile(rb':[ \t\r\n]*"([A-Za-z0-9+/]{65536,}={0,2})"')
_SAMPLES: Final = re.compile(rb'(?<!\\)"samples"[ \t\r\n]*:[ \t\r\n]*(\[[ \t\r\n"0-9a-fA-Fx,\[\]]{256,}\])')
_INNERMOST: Final = re.compile(rb'\[([^\[\]"]*"[^\[\]]{128,})\]')
_SAMPLE: Final = re.compile(rb'[ \t\r\n]*"0x([0-9a-fA-F]+)"[ \t\r\n]*')


@frozen
class PackedText:
    """A long text of base64 letters that was left in the document, from `start` to `stop`."""

    source: Source = field(repr=False)
    start: int = field()
    stop: int = field()

    def whole(self) -> str:
        """The text itself."""
        return self.source[self.start : self.stop].decode("ascii")


@frozen
class SampleTexts:
    """A list of hexadecimal samples that was left in the document; `start` and `stop` are inside its brackets."""

    source: Source = field(repr=False)
    start: int = field()
    stop: int = field()

    def whole(self) -> Any:
        """The list itself."""
        return json.loads(b"[" + self.source[self.start : self.stop] + b"]")

    def pack_into(self, rows: io.BytesIO, *, num_bits: int) -> int:
        """Write one row of `ceil(num_bits / 8)` big-endian bytes a sample; the outcome is how many there are.

        Raises:
            Malformed: something else than samples of so many bits.
        """
        count = 0
        for part in self._parts():
            samples = part.split(b",")
            row_of = {sample: _row(sample, num_bits) for sample in set(samples)}
            rows.write(b"".join(map(row_of.__getitem__, samples)))
            count += len(samples)
        return count

    def _parts(self) -> Iterator[bytes]:
        """The samples in parts of about `STEP` bytes, cut at commas."""
        start = self.start
        while self.stop - start > STEP:
            comma = self.source.rfind(b",", start, start + STEP)
            comma = comma if comma >= 0 else self.source.find(b",", start, self.stop)
            if comma < 0:
                break
            yield self.source[start:comma]
            start = comma + 1
        yield self.source[start : self.stop]


def load_hollow(source: Source) -> Any:
    """The JSON document in `source`, its bulk as `PackedText` and `SampleTexts` where readers of results expect it.

    Raises:
        ValueError: not JSON, or not UTF-8.
    """
    # Nobody can guess it, so no text of the document can pass for a placeholder.
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


def unbase64_in_steps(text: str | PackedText) -> Iterator[bytes]:
    """What base64 `text` stands for, part by part.

    Raises:
        Malformed: not base64.
    """
    source, start, stop = (text, 0, len(text)) if isinstance(text, str) else (text.source, text.start, text.stop)
    for at in range(start, stop, STEP):
        part = source[at : min(at + STEP, stop)]
        if at + STEP < stop and part[-1:] in ("=", b"="):
            raise Malformed("packed data is not base64: it goes on after its end")
        try:
            yield binascii.a2b_base64(part, strict_mode=True)
        except ValueError as error:
            raise Malformed(f"packed data is not base64: {error}") from error


def _bulk_of(source: Source) -> Iterator[PackedText | SampleTexts]:
    for found in _LONG_TEXT.finditer(source):
        yield PackedText(source, found.start(1), found.end(1))
    for samples in _SAMPLES.finditer(source):
        for found in _INNERMOST.finditer(source, samples.start(1), samples.end(1)):
            yield SampleTexts(source, found.start(1), found.end(1))


def _is_packed_data(value: dict[str, Any]) -> bool:
    return value.get("__type__") == "ndarray" or ("dtype" in value and "shape" in value)


def _row(sample: bytes, num_bits: int) -> bytes:
    found = _SAMPLE.fullmatch(sample)
    if found is None:
        raise Malformed(f"sample {sample[:40].decode(errors='replace')!r} is not hexadecimal")
    value = int(found[1], 16)
    if value >> num_bits:
        raise Malformed(f"sample {sample[:40].decode()!r} does not fit {num_bits} bits")
    return value.to_bytes((num_bits + 7) // 8, "big")
