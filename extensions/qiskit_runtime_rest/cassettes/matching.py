"""Find the recorded response for a request."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

from attrs import define, frozen

from ..base.redaction import LOOKS
from ..submission.request import TAG_PREFIX
from .entry import Entry
from .sanitising import unpacked
from .services import Service

__all__ = ["Exhausted", "Match", "NotRecorded", "RecordedResponses", "RequestKey"]

Match = Literal["request", "path"]
"""What must be as recorded: method, path, query and body, or all but the body."""
Exhausted = Literal["repeat", "error"]
"""The response to a request that was recorded less often: the last one again, or an error."""

VOLATILE_TEXTS = re.compile(rf"{re.escape(TAG_PREFIX)}[0-9a-f]{{32}}")
"""Texts that differ each time: the tag by which this client finds a submission again."""

PREFERRED_HEADERS = ("service-crn", "ibm-api-version")
"""If a request was recorded with several values of these headers, the response to the same values is preferred."""

INDIFFERENT: Mapping[str, re.Pattern[str]] = {
    **LOOKS,
    "time": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
}
"""Parts of queries and bodies that may differ from the recorded request, unless one without a difference exists."""

SHORTEST_PACKED = 12
LONGEST_SHOWN = 60


@frozen(kw_only=True)
class RequestKey:
    """The parts of a request that its response depends on."""

    service: Service
    method: str
    path: str
    query: str
    body: bytes
    preferred: tuple[str, ...] = ()

    @classmethod
    def of(cls, one: Entry) -> RequestKey:
        """The key of a recorded request."""
        return cls(
            service=one.service,
            method=one.method,
            path=one.path,
            query=one.query,
            body=one.request_body,
            preferred=tuple(one.header(name) for name in PREFERRED_HEADERS),
        )

    def exact(self) -> tuple[str, ...]:
        """The same for requests that mean the same."""
        return (
            self.service.prefix,
            self.method,
            unquote(self.path),
            _normal_query(self.query),
            json.dumps(_normal_body(self.body), sort_keys=True),
        )

    def tolerant(self) -> tuple[str, ...]:
        """The same for requests that differ only in times, ids and the order inside packed values."""
        *place, query, _ = self.exact()
        body = json.dumps(_rough_body(_normal_body(self.body)), sort_keys=True)
        return (*place, _masked(query), _masked(body))

    def without_body(self) -> tuple[str, ...]:
        """The same for requests that differ only in times and ids of the query, and in the body."""
        *rest, query, _ = self.exact()
        return (*rest, _masked(query))

    def __str__(self) -> str:
        """Method, path, query."""
        query = f"?{_masked(self.query)}" if self.query else ""
        return f"{self.method} {self.path}{query}"


@define
class _Sequence:
    """The responses to one request, in their order."""

    preferred: tuple[str, ...]
    entries: list[Entry]
    used: int = 0


class NotRecorded(Exception):
    """No recorded request matches; the message names the request and the nearest one that was recorded."""


class RecordedResponses:
    """The responses that a replay can give. Not safe for threads."""

    def __init__(self, entries: Iterable[Entry], *, match: Match = "request", exhausted: Exhausted = "repeat") -> None:
        """`entries`: in the order in which they are used."""
        self._exhausted = exhausted
        self._requests: list[RequestKey] = []
        self._indexes: list[tuple[Callable[[RequestKey], tuple[str, ...]], dict[tuple[str, ...], list[_Sequence]]]]
        keys = (RequestKey.exact, RequestKey.tolerant) if match == "request" else (RequestKey.without_body,)
        self._indexes = [(key, {}) for key in keys]
        sequences: dict[Any, _Sequence] = {}
        for one in entries:
            request = RequestKey.of(one)
            identity = (keys[0](request), request.preferred)
            if identity in sequences:
                if exhausted == "error" or not _is_repetition(one, sequences[identity].entries[-1]):
                    sequences[identity].entries.append(one)
                continue
            sequences[identity] = _Sequence(request.preferred, [one])
            self._requests.append(request)
            for key, index in self._indexes:
                index.setdefault(key(request), []).append(sequences[identity])

    def next(self, request: RequestKey) -> Entry:
        """The entry with the next response to a request.

        Raises:
            NotRecorded: there is none.
        """
        fitting = next((index[key(request)] for key, index in self._indexes if key(request) in index), None)
        if fitting is None:
            raise NotRecorded(f"{request} was not recorded. {self._nearest(request)}")
        sequence = max(
            fitting,
            key=lambda one: (
                [mine == theirs for mine, theirs in zip(request.preferred, one.preferred, strict=False)],
                one.used < len(one.entries),
            ),
        )
        if sequence.used >= len(sequence.entries) and self._exhausted == "error":
            raise NotRecorded(f"{request} was recorded {len(sequence.entries)} times, and was sent once more.")
        sequence.used += 1
        return sequence.entries[min(sequence.used, len(sequence.entries)) - 1]

    def _nearest(self, request: RequestKey) -> str:
        near = difflib.get_close_matches(str(request), {str(one) for one in self._requests}, n=1, cutoff=0.0)
        if not near:
            return "The cassette is empty."
        if near[0] != str(request):
            return f"The nearest that was: {near[0]}."
        mine = _normal_body(request.body)
        others = [list(_differences(_normal_body(one.body), mine)) for one in self._requests if str(one) == near[0]]
        fewest = min(others, key=len)
        return f"It was recorded with another body: {fewest[0]}." if fewest else "It was recorded with another query."


def _is_repetition(one: Entry, before: Entry) -> bool:
    """Whether a read found nothing new: a wait that took an hour when it was recorded is short in a replay."""
    return one.method == "GET" and (one.status, one.response_body) == (before.status, before.response_body)


def _normal_query(query: str) -> str:
    pairs = sorted(pair for pair in parse_qsl(query, keep_blank_values=True) if not VOLATILE_TEXTS.fullmatch(pair[1]))
    return json.dumps(pairs)


def _normal_body(body: bytes) -> Any:
    text = body.decode("utf-8", "backslashreplace")
    try:
        return _without_volatile(json.loads(text)) if text else None
    except (ValueError, RecursionError):
        return text


def _without_volatile(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_volatile(one) for one in value if not (isinstance(one, str) and VOLATILE_TEXTS.fullmatch(one))]
    if isinstance(value, dict):
        return {name: _without_volatile(one) for name, one in value.items()}
    return value


def _rough_body(value: Any) -> Any:
    """Packed values by their bytes in any order: Qiskit writes registers in the order of a set."""
    if isinstance(value, list):
        return [_rough_body(one) for one in value]
    if isinstance(value, dict):
        return {name: _rough_body(one) for name, one in value.items()}
    content = unpacked(value) if isinstance(value, str) and len(value) >= SHORTEST_PACKED else None
    return value if content is None else f"packed {hashlib.sha256(bytes(sorted(content))).hexdigest()}"


def _masked(text: str) -> str:
    for name, looks in INDIFFERENT.items():
        text = looks.sub(f"<{name}>", text)
    return text


def _differences(recorded: Any, sent: Any, place: str = "$") -> Iterator[str]:
    """Each difference between two bodies."""
    if isinstance(recorded, dict) and isinstance(sent, dict):
        for name in sorted(recorded.keys() | sent.keys()):
            yield from _differences(recorded.get(name), sent.get(name), f"{place}.{name}")
    elif isinstance(recorded, list) and isinstance(sent, list) and len(recorded) == len(sent):
        for at, pair in enumerate(zip(recorded, sent, strict=True)):
            yield from _differences(*pair, f"{place}[{at}]")
    elif recorded != sent:
        yield f"{place} was {_shown(recorded)}, and is {_shown(sent)}"


def _shown(value: Any) -> str:
    text = _masked(json.dumps(value))
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
