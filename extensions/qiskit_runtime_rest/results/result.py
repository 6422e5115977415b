"""The result of a job: its bytes, and the items in them, decoded here or by an executor."""

from __future__ import annotations

import json
import mmap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from attrs import field, frozen

from ..errors import ResultDecodeError
from ..plans.effects import InThread, OnExecutor
from .arrays import Array
from .checks import DECODE_FAILURES, Malformed
from .formats import DECODED_PROGRAMS, Format, recognise
from .large_documents import LARGE_BYTES, Source, load_large
from .optional import qiskit_module, require_pandas
from .result_item import ResultItem, to_plain, to_qiskit
from .wrapped_values import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from ..pictures import Picture, Theme
    from ..plans.plan import Plan

__all__ = ["Result", "Unpacked", "decode", "decode_on", "unpack"]

T = TypeVar("T")

EXCERPT_CHARACTERS: Final = 120
ITEMS_IN_HTML: Final = 10
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Result(Sequence[ResultItem]):
    """The result of a job: a sequence of its items.

    Each item is decoded when it is first read. Two results are equal if they have the same kind, equal items and equal
    metadata, in any format. Results pickle as their bytes.
    """

    __slots__ = ("_document", "_format", "_items", "_known", "_program_id", "_source")

    def __init__(self, source: Source, *, program_id: str | None = None, unpacked: Unpacked | None = None) -> None:
        """Recognise the document's format; use `decode`. `unpacked`: the content, if it was decoded elsewhere."""
        self._source = source
        self._program_id = program_id
        self._items: dict[int, ResultItem] = {}
        self._known: dict[str, Any] = {}
        if unpacked is not None:
            self._document, self._format = unpacked.document, unpacked.format()
            return
        self._document = self._attempt(lambda: _parse(source))
        self._format = self._attempt(lambda: _format_of(self._document, program_id=program_id))
        if self._format.kind == "json":
            self._document = self._attempt(lambda: _parse(source, whole=True))

    @property
    def raw(self) -> bytes:
        """The bytes from the service. Those of a large result are read from its file each time."""
        return self._source[:]

    @property
    def kind(self) -> str:
        """The kind of the items.

        `sampler`, `estimator`, `executor`, `noise-learner`, `noise-learner-v3`; of the first primitives (V1)
        `quasi-distributions` and `values`; `calibrate`, with its times as metadata, and of other programs `text` or
        `json`: these have no items.
        """
        return self._format.kind

    @property
    def metadata(self) -> Any:
        """Metadata of the whole job: a dict, times as `datetime`, spans as `ExecutionSpan`."""
        return self._remembered("metadata", self._format.read_metadata)

    @property
    def passthrough_data(self) -> Any:
        """The data that the submitter of an executor job attached to it, tensors unpacked; None for other jobs."""
        return self._remembered("passthrough_data", self._format.passthrough)

    @property
    def text(self) -> str:
        """The bytes as text; for a result of kind `text` the text itself, without JSON's quotes."""
        if self._format.kind == "text":
            return str(self._document)
        return self.raw.decode("utf-8", errors="replace")

    @property
    def value(self) -> Any:
        """The whole document as Python objects, wrapped values unwrapped; for programs with an unknown format."""
        return self._remembered("value", lambda: unwrap(self._whole_document()))

    @overload
    def __getitem__(self, position: int) -> ResultItem: ...
    @overload
    def __getitem__(self, position: slice) -> list[ResultItem]: ...
    def __getitem__(self, position: int | slice) -> ResultItem | list[ResultItem]:
        """The item at a position, or several.

        Raises:
            IndexError: no such item.
            ResultDecodeError: the item is damaged.
        """
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if not -len(self) <= position < len(self):
            raise IndexError(f"item {position} of a result of {len(self)} items ({self._format.kind})")
        place = position % len(self)
        if place not in self._items:
            source = self._format.items[place]
            self._items[place] = self._attempt(lambda: self._format.read_item(source, place))
        return self._items[place]

    def __len__(self) -> int:
        """Number of items."""
        return len(self._format.items)

    def __eq__(self, other: object) -> bool:
        """Whether kind, items and metadata (or, without items, the documents) are equal."""
        if not isinstance(other, Result):
            return NotImplemented
        if self._program_id == other._program_id and memoryview(self._source) == memoryview(other._source):
            return True
        if self.kind != other.kind or len(self) != len(other):
            return False
        if self.kind in ("text", "json"):
            return bool(self.value == other.value)
        return bool(self.metadata == other.metadata) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the bytes; they are decoded where they are unpickled."""
        return _again, (self.raw, self._program_id)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python that `json.dumps` accepts: `kind`, `results`, `metadata`; `value` for kinds without items."""
        if self.kind in ("text", "json"):
            return {"kind": self.kind, "value": to_plain(self.value)}
        return {
            "kind": self.kind,
            "results": [item.to_dict() for item in self],
            "metadata": to_plain(self.metadata),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """All items as one table: a dict for each row, with `pub`, the position of the item.

        The other members are those of `ResultItem.to_rows`. All rows have the same members; one that an item lacks is
        None.

        Raises:
            TypeError: an item has neither bits nor expectation values.
            ResultDecodeError: a part of the result is damaged.
        """
        rows = [{"pub": position, **row} for position, item in enumerate(self) for row in item.to_rows()]
        names = sorted(dict.fromkeys(name for row in rows for name in row), key=_place_of_column)
        return [{name: row.get(name) for name in names} for row in rows]

    def to_pandas(self) -> Any:
        """The rows of `to_rows` as a data frame; needs pandas.

        Raises:
            MissingExtra: pandas is not installed.
            TypeError, ResultDecodeError: as for `to_rows`.
        """
        return require_pandas("to_pandas()").DataFrame(self.to_rows())

    def plot(self, *, pub: int | None = None, theme: Theme = "light") -> Picture:
        """Draw the result: a histogram, expectation values with error bars, or a heat map for a sweep.

        Args:
            pub: draw only this one; None draws all, 12 at most.
            theme: `light` or `dark`.

        Returns:
            A figure of matplotlib that notebooks show; `plot().save("counts.png")` writes it, as PNG or SVG.

        Raises:
            MissingExtra: matplotlib is not installed.
            InvalidInput: there is no such pub, or nothing to draw.
            TypeError, ResultDecodeError: as for `to_rows`.
        """
        from ..pictures import plot_rows

        return plot_rows(self.to_rows(), pub=pub, theme=theme)

    def to_qiskit(self) -> Any:
        """The object that qiskit-ibm-runtime's `job.result()` returns; needs Qiskit and qiskit-ibm-runtime.

        Raises:
            MissingExtra: one of them is not installed.
            TypeError: Qiskit has no class for this kind.
        """
        if self._format.runtime_decoder is not None:
            return _decoded_by_runtime(self.raw, program=self._format.runtime_decoder)
        if self.kind not in ("sampler", "estimator", "quasi-distributions", "values"):
            raise TypeError(f"Qiskit has no class for a result of kind {self.kind!r}: read .value or .text")
        if self.kind in ("sampler", "estimator"):
            pubs = [item.to_qiskit() for item in self]
            containers = qiskit_module("qiskit.primitives.containers")
            return containers.PrimitiveResult(pubs, metadata=to_qiskit(self.metadata))
        metadata = [dict(item.metadata) for item in self]
        if self.kind == "quasi-distributions":
            items = [item.to_qiskit() for item in self]
            return qiskit_module("qiskit.primitives").SamplerResult(items, metadata=metadata)
        values = Array.of([item.evs for item in self], dtype="float64").to_numpy()
        return qiskit_module("qiskit.primitives").EstimatorResult(values, metadata=metadata)

    def __repr__(self) -> str:
        """Kind, number of items and bytes; or the start of a text."""
        if not hasattr(self, "_format"):
            return "<Result that could not be read>"
        if self.kind == "text":
            return f"Result(text={_excerpt(self.text)!r})"
        return f"Result({self.kind}, {len(self)} item{'' if len(self) == 1 else 's'}, {len(self._source)} bytes)"

    def _repr_html_(self) -> str:
        parts = [f"<p>{escape(repr(self))}</p>"]
        for place, item in enumerate(self[:ITEMS_IN_HTML]):
            drawn = item._repr_html_() if hasattr(item, "_repr_html_") else f"<p>{escape(repr(item))}</p>"
            parts += [f"<p><b>{place}</b></p>" if len(self) > 1 else "", drawn]
        if len(self) > ITEMS_IN_HTML:
            parts.append(f"<p>and {len(self) - ITEMS_IN_HTML} more</p>")
        return "".join(parts)

    def unpacked(self) -> Unpacked:
        """Its whole content as values that pickle, to decode in one process and use in another.

        Raises:
            ResultDecodeError: a part of it is damaged.
        """
        if self.kind in ("text", "json"):
            return Unpacked(self.kind, document=self._document)
        return Unpacked(
            self.kind,
            items=list(self),
            metadata=self.metadata,
            passthrough_data=self.passthrough_data,
            runtime_decoder=self._format.runtime_decoder,
        )

    def _whole_document(self) -> Any:
        # The documents of other kinds can lack their bulk.
        return self._document if self.kind in ("text", "json") else _parse(self._source, whole=True)

    def _remembered(self, name: str, read: Callable[[], Any]) -> Any:
        if name not in self._known:
            self._known[name] = self._attempt(read)
        return self._known[name]

    def _attempt(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except DECODE_FAILURES as error:
            reason = str(error) or type(error).__name__
            message = (
                f"The result cannot be decoded: {reason}. It begins with {_excerpt(self._source)!r} "
                f"({len(self._source)} bytes). This error's `raw` keeps the bytes."
            )
            raise ResultDecodeError(message, raw=self.raw) from error


@frozen
class Unpacked:
    """The content of a result, without its bytes.

    Args:
        kind, metadata, passthrough_data: see `Result`.
        items: all items, decoded.
        document: the text or the JSON value of a result without items.
        runtime_decoder: see `Format`.
    """

    kind: str = field()
    items: list[ResultItem] = field(kw_only=True, factory=list)
    metadata: Any = field(kw_only=True, factory=dict)
    passthrough_data: Any = field(kw_only=True, default=None)
    document: Any = field(kw_only=True, default=None)
    runtime_decoder: str | None = field(kw_only=True, default=None)

    def format(self) -> Format:
        """A format whose items are decoded already."""
        return Format(
            self.kind,
            items=self.items,
            read_item=lambda item, _: item,
            read_metadata=lambda: self.metadata,
            passthrough=lambda: self.passthrough_data,
            runtime_decoder=self.runtime_decoder,
        )


def decode(raw: bytes | mmap.mmap, *, program_id: str | None = None) -> Result:
    """Decode the body of `GET /v1/jobs/{id}/results` (operation `get_job_results`).

    Args:
        raw: the body. For a large body, a file that is mapped into memory takes less memory.
        program_id: the job's program, if known. It distinguishes empty results, which look alike. For a program whose
            results have a known format, a body of another format (such as a proxy's page) is an error.

    Returns:
        The result; each item is decoded when it is first read. Of other programs, a body that is not JSON is a result
        of kind `text`, and JSON of an unknown format one of kind `json`.

    Raises:
        ResultDecodeError: damaged or truncated; its `raw` keeps the bytes. Reading an item or the metadata can raise
            it, too.
    """
    return Result(raw if isinstance(raw, mmap.mmap) else bytes(raw), program_id=program_id)


def decode_on(executor: Executor | None, source: Source, *, program_id: str | None) -> Plan[Result]:
    """Decode `source`: with an `executor`, all of it there; else a large one in a thread.

    Raises:
        ResultDecodeError: damaged or truncated.
    """
    if executor is not None:
        unpacked: Unpacked = yield OnExecutor(executor, unpack, (source[:], program_id))
        return Result(source, program_id=program_id, unpacked=unpacked)
    if len(source) >= LARGE_BYTES:
        result: Result = yield InThread(lambda: decode(source, program_id=program_id))
        return result
    return decode(source, program_id=program_id)


def unpack(raw: bytes, program_id: str | None = None) -> Unpacked:
    """The whole content of a result, for an executor of another process or machine.

    Raises:
        ResultDecodeError: damaged or truncated.
    """
    return decode(raw, program_id=program_id).unpacked()


def _place_of_column(name: str) -> tuple[int, str]:
    """`pub` comes first, then the coordinates, then the others in the order in which sorting leaves them."""
    return (0 if name == "pub" else 1 if name.startswith("index_") else 2, name if name.startswith("index_") else "")


def _again(raw: bytes, program_id: str | None) -> Result:
    return Result(raw, program_id=program_id)


def _parse(source: Source, *, whole: bool = False) -> Any:
    if not whole and len(source) >= LARGE_BYTES and source[:4].lstrip(BYTE_ORDER_MARK)[:1] == b"{":
        return load_large(source)
    raw = source[:]
    if not raw.strip():
        raise Malformed("it has no bytes")
    text = raw.decode("utf-8-sig")
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        if text.lstrip().startswith("{"):
            raise
        return text


def _format_of(document: Any, *, program_id: str | None) -> Format:
    if (found := recognise(document, program_id=program_id)) is not None:
        return found
    if program_id in DECODED_PROGRAMS:
        raise Malformed(f"this is not the format of a result of the program {program_id!r}")
    return _bare("text" if isinstance(document, str) else "json")


def _bare(kind: str) -> Format:
    return Format(kind, read_item=_no_item, read_metadata=dict)


def _no_item(_: Any, position: int) -> ResultItem:
    raise IndexError(position)


def _excerpt(content: str | Source) -> str:
    start = content[:EXCERPT_CHARACTERS]
    text = start.decode("utf-8", errors="replace") if isinstance(start, bytes) else start
    return text + ("…" if len(content) > EXCERPT_CHARACTERS else "")


def _decoded_by_runtime(raw: bytes, *, program: str) -> Any:
    decoded: Any = raw.decode("utf-8-sig")
    for decoder in qiskit_module("qiskit_ibm_runtime.decoders.defaults").DEFAULT_DECODERS[program]:
        if decoder.is_applicable(decoded):
            decoded = decoder.decode(decoded)
    return decoded
