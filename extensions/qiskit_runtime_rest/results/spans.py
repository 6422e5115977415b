"""When which part of a sampler's data was measured: execution spans in a result's metadata."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from .malformed import Malformed, expect, expect_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SPAN_TYPES", "ExecutionSpan", "ExecutionSpans", "SpanPart", "read_span"]


@frozen
class SpanPart:
    """The part of one pub's data that a span covers.

    Args:
        shape: shape of the data as executed, the shots (of one randomization, when twirled) last.
        elements: (start, stop) over the shape without its last axis, flattened in C order.
        shots: (start, stop) over the last axis.
        twirl_in_front: None without twirling; else whether the axis of randomizations comes first in `shape`
            (True) or right before the shots (False).
        pub_shots: shots asked for, where the executed ones are cut down to that number.
        flat: `elements` counts over the whole flattened shape, shots included (`shots` then spans the axis).
    """

    shape: tuple[int, ...] = field(kw_only=True)
    elements: tuple[int, int] = field(kw_only=True)
    shots: tuple[int, int] = field(kw_only=True)
    twirl_in_front: bool | None = field(kw_only=True, default=None)
    pub_shots: int | None = field(kw_only=True, default=None)
    flat: bool = field(kw_only=True, default=False)

    @property
    def size(self) -> int:
        """Number of shots that this part covers."""
        if self.flat:
            return len(range(math.prod(self.shape))[slice(*self.elements)])
        outer = range(math.prod(self.shape[:-1]))[slice(*self.elements)]
        return len(outer) * len(range(self.shape[-1])[slice(*self.shots)])


@frozen
class ExecutionSpan:
    """A window of time in which the named parts of the pubs' data were measured. Windows can overlap.

    Args:
        kind: the service's name of the span's type.
        start: begin of the window, UTC.
        stop: end of the window, UTC.
        parts: index of the pub -> which part of its data.
    """

    kind: str = field(kw_only=True)
    start: datetime = field(kw_only=True)
    stop: datetime = field(kw_only=True)
    parts: Mapping[int, SpanPart] = field(kw_only=True)

    @property
    def duration(self) -> float:
        """Length of the window in seconds."""
        return (self.stop - self.start).total_seconds()

    @property
    def size(self) -> int:
        """Number of shots measured in the window, over all pubs."""
        return sum(part.size for part in self.parts.values())


class ExecutionSpans(tuple[ExecutionSpan, ...]):
    """All spans of a result, in the service's order."""

    __slots__ = ()

    @property
    def start(self) -> datetime:
        """Begin of the first span, UTC."""
        return min(span.start for span in self)

    @property
    def stop(self) -> datetime:
        """End of the last span, UTC."""
        return max(span.stop for span in self)

    @property
    def duration(self) -> float:
        """Seconds from the begin of the first to the end of the last span."""
        return (self.stop - self.start).total_seconds()


def _flat(shape: Any, start: Any, stop: Any) -> SpanPart:
    sizes = expect_shape(shape)
    return SpanPart(shape=sizes, elements=_pair(start, stop), shots=(0, sizes[-1] if sizes else 1), flat=True)


def _double(shape: Any, start: Any, stop: Any, first: Any, last: Any) -> SpanPart:
    return SpanPart(shape=_with_shots(shape), elements=_pair(start, stop), shots=_pair(first, last))


def _twirled(
    shape: Any, in_front: Any, start: Any, stop: Any, first: Any, last: Any, pub_shots: Any = None
) -> SpanPart:
    return SpanPart(
        shape=_with_shots(shape),
        elements=_pair(start, stop),
        shots=_pair(first, last),
        twirl_in_front=expect(in_front, bool, what="the place of the randomizations"),
        pub_shots=None if pub_shots is None else expect(pub_shots, int, what="shots of the pub"),
    )


# Names as IBM's encoder writes them -> (numbers an entry, how to read them).
SPAN_TYPES: Final[dict[str, tuple[int, Callable[..., SpanPart]]]] = {
    "ExecutionSpan": (3, _flat),
    "DoubleSliceSpan": (5, _double),
    "TwirledSliceSpan": (6, _twirled),
    "TwirledSliceSpanV2": (7, _twirled),
}


def read_span(kind: str, *, start: Any, stop: Any, slices: Any) -> ExecutionSpan:
    """One span from its decoded times and its slices as written.

    Raises:
        Malformed: the slices are not of this kind.
    """
    length, read = SPAN_TYPES[kind]
    parts = {}
    for pub, entry in expect(slices, dict, what="slices of an execution span").items():
        if len(expect(entry, list, what="a slice of an execution span")) != length:
            raise Malformed(f"a slice of {kind} should have {length} entries")
        parts[int(pub)] = read(*entry)
    return ExecutionSpan(
        kind=kind,
        start=expect(start, datetime, what="begin of an execution span"),
        stop=expect(stop, datetime, what="end of an execution span"),
        parts=parts,
    )


def _pair(start: Any, stop: Any) -> tuple[int, int]:
    return expect(start, int, what="begin of a slice"), expect(stop, int, what="end of a slice")


def _with_shots(shape: Any) -> tuple[int, ...]:
    if not (sizes := expect_shape(shape)):
        raise Malformed("the shape of an execution span needs an axis of shots")
    return sizes
