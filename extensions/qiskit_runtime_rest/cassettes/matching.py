"""Which recorded answer a request gets."""

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
from ..submission.submitter import TAG_PREFIX
from .exchange import Exchange
from .packing import unpacked
from .services import Service

__all__ = ["Asked", "Exhausted", "Match", "NotRecorded", "Repertoire"]

Match = Literal["request", "path"]
"""What has to be as it was recorded: method, path, query and body, or all but the body."""
Exhausted = Literal["repeat", "error"]
"""What a request gets that was recorded less often: the last answer once more, or an error."""

VOLATILE_TEXTS = re.compile(rf"{re.escape(TAG_PREFIX)}[0-9a-f]{{32}}")
"""Texts that differ each time: the tag by which this client finds a submission again."""

PREFERRED_HEADERS = ("service-crn", "ibm-api-version")
"""Where they were recorded with several values, an answer to a request with the same ones is preferred."""

INDIFFERENT: Mapping[str, re.Pattern[str]] = {
    **LOOKS,
    "time": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
}
"""What in queries and bodies may differ from what was recorded, if nothing that was recorded is the same."""

SHORTEST_PACKED = 12
LONGEST_SHOWN = 60


@frozen(kw_only=True)
class Asked:
    """What of a request counts."""

    service: Service
    method: str
    path: str
    query: str
    body: bytes
    preferred: tuple[str, ...] = ()

    @classmethod
    def of(cls, one: Exchange) -> Asked:
        """That of a recorded request."""
        return cls(
            service=one.service,
            method=one.method,
            path=one.path,
            query=one.query,
            body=one.sent,
            preferred=tuple(one.header(name) for name in PREFERRED_HEADERS),
        )

    def exactly(self) -> tuple[str, ...]:
        """What is the same for requests that are the same."""
        return (
            self.service.prefix,
            self.method,
            unquote(self.path),
            _normal_query(self.query),
            json.dumps(_normal_body(self.body), sort_keys=True),
        )

    def roughly(self) -> tuple[str, ...]:
        """The same without what may differ."""
        *place, query, _ = self.exactly()
        body = json.dumps(_rough_body(_normal_body(self.body)), sort_keys=True)
        return (*place, _masked(query), _masked(body))

    def but_for_the_body(self) -> tuple[str, ...]:
        """Without the body."""
        *rest, query, _ = self.exactly()
        return (*rest, _masked(query))

    def __str__(self) -> str:
        """Method, path, query."""
        query = f"?{_masked(self.query)}" if self.query else ""
        return f"{self.method} {self.path}{query}"


@define
class _Sequence:
    """The answers to one request, in their order."""

    preferred: tuple[str, ...]
    answers: list[Exchange]
    given: int = 0


class NotRecorded(Exception):
    """Nothing fits; the message says what was asked, and what is nearest."""


class Repertoire:
    """What a replay can answer. Not safe for threads."""

    def __init__(
        self, exchanges: Iterable[Exchange], *, match: Match = "request", exhausted: Exhausted = "repeat"
    ) -> None:
        """`exchanges`: in the order in which they are to be answered."""
        self._exhausted = exhausted
        self._asked: list[Asked] = []
        self._ways: list[tuple[Callable[[Asked], tuple[str, ...]], dict[tuple[str, ...], list[_Sequence]]]]
        ways = (Asked.exactly, Asked.roughly) if match == "request" else (Asked.but_for_the_body,)
        self._ways = [(way, {}) for way in ways]
        sequences: dict[Any, _Sequence] = {}
        for one in exchanges:
            asked = Asked.of(one)
            key = (self._ways[0][0](asked), asked.preferred)
            if key in sequences:
                if exhausted == "error" or not _says_the_same(one, sequences[key].answers[-1]):
                    sequences[key].answers.append(one)
                continue
            sequences[key] = _Sequence(asked.preferred, [one])
            self._asked.append(asked)
            for way, known in self._ways:
                known.setdefault(way(asked), []).append(sequences[key])

    def answer(self, asked: Asked) -> Exchange:
        """The next answer to a request.

        Raises:
            NotRecorded: there is none.
        """
        fitting = next((known[way(asked)] for way, known in self._ways if way(asked) in known), None)
        if fitting is None:
            raise NotRecorded(f"{asked} was not recorded. {self._nearest(asked)}")
        sequence = max(
            fitting,
            key=lambda one: (
                [mine == theirs for mine, theirs in zip(asked.preferred, one.preferred, strict=False)],
                one.given < len(one.answers),
            ),
        )
        if sequence.given >= len(sequence.answers) and self._exhausted == "error":
            raise NotRecorded(f"{asked} was recorded {len(sequence.answers)} times, and is asked once more.")
        sequence.given += 1
        return sequence.answers[min(sequence.given, len(sequence.answers)) - 1]

    def _nearest(self, asked: Asked) -> str:
        near = difflib.get_close_matches(str(asked), {str(one) for one in self._asked}, n=1, cutoff=0.0)
        if not near:
            return "The cassette is empty."
        if near[0] != str(asked):
            return f"The nearest that was: {near[0]}."
        mine = _normal_body(asked.body)
        others = [list(_differences(_normal_body(one.body), mine)) for one in self._asked if str(one) == near[0]]
        fewest = min(others, key=len)
        return f"It was recorded with another body: {fewest[0]}." if fewest else "It was recorded with another query."


def _says_the_same(one: Exchange, before: Exchange) -> bool:
    """Whether a read found nothing new: who waited for an hour when it was recorded need not wait for one again."""
    return one.method == "GET" and (one.status, one.body) == (before.status, before.body)


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
    """Packed values by the bytes that they hold, in whatever order: Qiskit writes registers in the order of a set."""
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


def _differences(recorded: Any, asked: Any, place: str = "$") -> Iterator[str]:
    """Where two bodies differ."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in sorted(recorded.keys() | asked.keys()):
            yield from _differences(recorded.get(name), asked.get(name), f"{place}.{name}")
    elif isinstance(recorded, list) and isinstance(asked, list) and len(recorded) == len(asked):
        for at, pair in enumerate(zip(recorded, asked, strict=True)):
            yield from _differences(*pair, f"{place}[{at}]")
    elif recorded != asked:
        yield f"{place} was {_shown(recorded)}, and is {_shown(asked)}"


def _shown(value: Any) -> str:
    text = _masked(json.dumps(value))
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
