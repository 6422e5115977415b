"""Execution spans: when each part of a sampler's data was measured. They are in a result's metadata."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from .checks import Malformed, expect, expect_shape
from .optional import qiskit_module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SPAN_TYPES", "ExecutionSpan", "ExecutionSpans", "SpanPart", "in_utc", "read_span", "to_qiskit_spans"]


@frozen
class SpanPart:
    """The part of one pub's data that a span covers.

    Args:
        shape: shape of the data as executed, the shots (of one randomization, when twirled) last.
        elements: (start, stop) over the shape without its last axis, flattened in C order.
        shots: (start, stop) over the last axis.
        twirl_in_front: None without twirling; else whether the axis of randomizations is first in `shape` (True) or
            right before the shots (False).
        pub_shots: the requested number of shots, if more were executed.
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
        """Number of shots in this part."""
        if self.flat:
            return len(range(math.prod(self.shape))[slice(*self.elements)])
        outer = range(math.prod(self.shape[:-1]))[slice(*self.elements)]
        return len(outer) * len(range(self.shape[-1])[slice(*self.shots)])


@frozen
class ExecutionSpan:
    """A window of time in which the named parts of the pubs' data were measured. Windows can overlap.

    Args:
        kind: the service's name of the span's type.
        start: start of the window, UTC.
        stop: end of the window, UTC.
        parts: index of the pub -> part of its data.
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
        """Start of the first span, UTC."""
        return min(span.start for span in self)

    @property
    def stop(self) -> datetime:
        """End of the last span, UTC."""
        return max(span.stop for span in self)

    @property
    def duration(self) -> float:
        """Seconds from the start of the first to the end of the last span."""
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


# Type name of IBM's encoder -> (length of an entry, its reader).
SPAN_TYPES: Final[dict[str, tuple[int, Callable[..., SpanPart]]]] = {
    "ExecutionSpan": (3, _flat),
    "DoubleSliceSpan": (5, _double),
    "TwirledSliceSpan": (6, _twirled),
    "TwirledSliceSpanV2": (7, _twirled),
}


def read_span(kind: str, *, start: Any, stop: Any, slices: Any) -> ExecutionSpan:
    """One span from its decoded times and its encoded slices.

    Raises:
        Malformed: the slices do not fit this kind.
    """
    length, read = SPAN_TYPES[kind]
    parts = {}
    for pub, entry in expect(slices, dict, what="slices of an execution span").items():
        if len(expect(entry, list, what="a slice of an execution span")) != length:
            raise Malformed(f"a slice of {kind} must have {length} entries")
        parts[int(pub)] = read(*entry)
    return ExecutionSpan(
        kind=kind,
        start=in_utc(expect(start, datetime, what="start of an execution span")),
        stop=in_utc(expect(stop, datetime, what="end of an execution span")),
        parts=parts,
    )


def to_qiskit_spans(spans: ExecutionSpans) -> Any:
    """The `ExecutionSpans` of qiskit-ibm-runtime, which must be installed."""
    module = qiskit_module("qiskit_ibm_runtime.execution_span")

    def build(span: ExecutionSpan) -> Any:
        made = getattr(module, "SliceSpan" if span.kind == "ExecutionSpan" else span.kind)
        return made(span.start, span.stop, {pub: _slices(part) for pub, part in span.parts.items()})

    return module.ExecutionSpans(map(build, spans))


def in_utc(moment: datetime) -> datetime:
    """The moment with its zone: the service writes UTC and often does not say so."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _slices(part: SpanPart) -> tuple[Any, ...]:
    elements, shots = slice(*part.elements), slice(*part.shots)
    if part.flat:
        return part.shape, elements
    if part.twirl_in_front is None:
        return part.shape, elements, shots
    cut = () if part.pub_shots is None else (part.pub_shots,)
    return (part.shape, part.twirl_in_front, elements, shots, *cut)


def _pair(start: Any, stop: Any) -> tuple[int, int]:
    return expect(start, int, what="start of a slice"), expect(stop, int, what="end of a slice")


def _with_shots(shape: Any) -> tuple[int, ...]:
    if not (sizes := expect_shape(shape)):
        raise Malformed("the shape of an execution span needs an axis of shots")
    return sizes
