"""What a job returned: the bytes as they came, and the items in them."""

from __future__ import annotations

import json
import mmap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from attrs import field, frozen

from ..errors import ResultDecodeError
from .forms import DECODED_PROGRAMS, Form, recognise
from .hollow import HOLLOW_FROM_BYTES, Source, load_hollow
from .items import ResultItem
from .malformed import DECODE_FAILURES, Malformed
from .plain import plain
from .wrapped import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Result", "Unpacked", "decode"]

T = TypeVar("T")

EXCERPT_CHARACTERS: Final = 120
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Result(Sequence[ResultItem]):
    """The result of a job: a sequence of its items.

    Items are unpacked when they are first read. Two results are equal if they are of the same kind with equal items
    and metadata, in whatever form they came. Results pickle as their bytes.
    """

    __slots__ = ("_document", "_form", "_items", "_known", "_program_id", "_source")

    def __init__(self, source: Source, *, program_id: str | None = None, unpacked: Unpacked | None = None) -> None:
        """Read the document's form; use `decode`. `unpacked`: what was read from it already, elsewhere."""
        self._source = source
        self._program_id = program_id
        self._items: dict[int, ResultItem] = {}
        self._known: dict[str, Any] = {}
        if unpacked is not None:
            self._document, self._form = unpacked.document, unpacked.form()
            return
        self._document = self._attempt(lambda: _parse(source))
        self._form = self._attempt(lambda: _form_of(self._document, program_id=program_id))
        if self._form.kind == "json":
            self._document = self._attempt(lambda: _parse(source, hollow=False))

    @property
    def raw(self) -> bytes:
        """The bytes as the service sent them; of a large result, read from its file each time."""
        return self._source[:]

    @property
    def kind(self) -> str:
        """What the items are.

        `sampler`, `estimator`, `executor`, `noise-learner`, `noise-learner-v3`; from the first primitives
        `quasi-distributions` and `values`; `text` or `json` (both without items) for anything else.
        """
        return self._form.kind

    @property
    def metadata(self) -> Any:
        """What the service says about the whole job: a dict, times as `datetime`, spans as `ExecutionSpan`."""
        return self._once("metadata", self._form.read_metadata)

    @property
    def passthrough_data(self) -> Any:
        """What the submitter of an executor job left in it, tensors unpacked; None elsewhere."""
        return self._once("passthrough_data", self._form.passthrough)

    @property
    def text(self) -> str:
        """The bytes as text; for a result of kind `text` the text itself, without JSON's quotes."""
        if self._form.kind == "text":
            return str(self._document)
        return self.raw.decode("utf-8", errors="replace")

    @property
    def value(self) -> Any:
        """The whole document as Python objects, wrapped values unpacked; for programs of an unknown form."""
        return self._once("value", lambda: unwrap(self._whole_document()))

    @overload
    def __getitem__(self, position: int) -> ResultItem: ...
    @overload
    def __getitem__(self, position: slice) -> list[ResultItem]: ...
    def __getitem__(self, position: int | slice) -> ResultItem | list[ResultItem]:
        """The item at a position, or several.

        Raises:
            IndexError: no such item.
            ResultDecodeError: its bytes are damaged.
        """
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if not -len(self) <= position < len(self):
            raise IndexError(f"item {position} of a result of {len(self)} items ({self._form.kind})")
        place = position % len(self)
        if place not in self._items:
            source = self._form.items[place]
            self._items[place] = self._attempt(lambda: self._form.read_item(source, place))
        return self._items[place]

    def __len__(self) -> int:
        """Number of items."""
        return len(self._form.items)

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
            return {"kind": self.kind, "value": plain(self.value)}
        return {
            "kind": self.kind,
            "results": [item.to_dict() for item in self],
            "metadata": plain(self.metadata),
        }

    def to_qiskit(self) -> Any:
        """What qiskit-ibm-runtime's `job.result()` gives; needs Qiskit and qiskit-ibm-runtime.

        Raises:
            MissingExtra: one of them is not installed.
            TypeError: Qiskit has nothing for this kind.
        """
        from .qiskit_values import whole_result

        return whole_result(self, decoder=self._form.runtime_decoder)

    def __repr__(self) -> str:
        """Kind, and the items if they are few."""
        if self.kind == "text":
            return f"Result(text={_excerpt(self.text)!r})"
        return f"Result({self.kind}, {len(self)} item{'' if len(self) == 1 else 's'}, {len(self._source)} bytes)"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{place}</td><td>{escape(repr(item))}</td></tr>" for place, item in enumerate(self))
        return f"<table><caption>{escape(repr(self))}</caption>{rows}</table>"

    def unpacked(self) -> Unpacked:
        """Everything in it, read: values that pickle, to be decoded in one process and used in another.

        Raises:
            ResultDecodeError: part of it is damaged.
        """
        if self.kind in ("text", "json"):
            return Unpacked(self.kind, document=self._document)
        return Unpacked(
            self.kind,
            items=list(self),
            metadata=self.metadata,
            passthrough_data=self.passthrough_data,
            runtime_decoder=self._form.runtime_decoder,
        )

    def _whole_document(self) -> Any:
        # Only of these two kinds is the document kept whole.
        return self._document if self.kind in ("text", "json") else _parse(self._source, hollow=False)

    def _once(self, name: str, read: Callable[[], Any]) -> Any:
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
                f"({len(self._source)} bytes). The bytes are kept in this error's `raw`."
            )
            raise ResultDecodeError(message, raw=self.raw) from error


@frozen
class Unpacked:
    """What a result holds, without the bytes it was read from.

    Args:
        kind, metadata, passthrough_data: see `Result`.
        items: the items, all of them read.
        document: the text or the JSON value of a result without items.
        runtime_decoder: see `Form`.
    """

    kind: str = field()
    items: list[ResultItem] = field(kw_only=True, factory=list)
    metadata: Any = field(kw_only=True, factory=dict)
    passthrough_data: Any = field(kw_only=True, default=None)
    document: Any = field(kw_only=True, default=None)
    runtime_decoder: str | None = field(kw_only=True, default=None)

    def form(self) -> Form:
        """The form of a result that this is all of."""
        return Form(
            self.kind,
            items=self.items,
            read_item=lambda item, _: item,
            read_metadata=lambda: self.metadata,
            passthrough=lambda: self.passthrough_data,
            runtime_decoder=self.runtime_decoder,
        )


def decode(raw: bytes | mmap.mmap, *, program_id: str | None = None) -> Result:
    """Decode what `GET /v1/jobs/{id}/results` (operation `get_job_results`) answered.

    Args:
        raw: the body; of a large one, better the file it is in, mapped into memory.
        program_id: the job's program, if known; it tells apart results that look alike when they are empty, and
            makes anything of another form (such as the page of a proxy) an error for those that have a known one.

    Returns:
        The result; its items are unpacked when they are first read. Of other programs, a body that is not JSON gives
        a result of kind `text`, JSON of an unknown form one of kind `json`.

    Raises:
        ResultDecodeError: damaged or truncated; the bytes are kept in its `raw`. Reading an item or the metadata can
            raise it too.
    """
    return Result(raw if isinstance(raw, mmap.mmap) else bytes(raw), program_id=program_id)


def _again(raw: bytes, program_id: str | None) -> Result:
    return Result(raw, program_id=program_id)


def _parse(source: Source, *, hollow: bool = True) -> Any:
    if hollow and len(source) >= HOLLOW_FROM_BYTES and source[:4].lstrip(BYTE_ORDER_MARK)[:1] == b"{":
        return load_hollow(source)
    raw = source[:]
    if not raw.strip():
        raise Malformed("there are no bytes in it")
    text = raw.decode("utf-8-sig")
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        if text.lstrip().startswith("{"):
            raise
        return text


def _form_of(document: Any, *, program_id: str | None) -> Form:
    if (form := recognise(document, program_id=program_id)) is not None:
        return form
    if program_id in DECODED_PROGRAMS:
        raise Malformed(f"this is not the form of a result of the program {program_id!r}")
    return _bare("text" if isinstance(document, str) else "json")


def _bare(kind: str) -> Form:
    return Form(kind, read_item=_no_item, read_metadata=dict)


def _no_item(_: Any, position: int) -> ResultItem:
    raise IndexError(position)


def _excerpt(content: str | Source) -> str:
    start = content[:EXCERPT_CHARACTERS]
    text = start.decode("utf-8", errors="replace") if isinstance(start, bytes) else start
    return text + ("…" if len(content) > EXCERPT_CHARACTERS else "")
