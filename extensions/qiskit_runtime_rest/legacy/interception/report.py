"""The report about classic calls: how each was translated, and what to change at which line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ..messages import REMOVED
from ..table import MIGRATION_COMMAND

if TYPE_CHECKING:
    from ..translation.call import CallRecord, Note

__all__ = ["Report", "Use"]

UNKNOWN = "the classic API had no such call"


@dataclass(frozen=True, kw_only=True)
class Use:
    """One classic call at one line of the user's code, made any number of times.

    Attributes:
        where: the line, such as `script.py:12`; None if it is not known.
        call: method and path, with names in braces: `GET /jobs/{id}`.
        host: the classic host.
        becomes: what to write now.
        removed: why v1 has no such call; None if it has.
        link: the call on the migration page; None if the classic API never had it.
        answers: the number of responses of each status.
        errors: the distinct messages of error responses, without those of removed calls.
        notes: the fields that were ignored or changed.
    """

    where: str | None
    call: str
    host: str | None
    becomes: str
    removed: str | None
    link: str | None
    answers: dict[int, int]
    errors: tuple[str, ...]
    notes: tuple[Note, ...]

    @property
    def times(self) -> int:
        """The number of calls."""
        return sum(self.answers.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain Python, for JSON."""
        return {
            "where": self.where,
            "call": self.call,
            "host": self.host,
            "becomes": self.becomes,
            "removed": self.removed,
            "link": self.link,
            "times": self.times,
            "answers": {str(status): times for status, times in sorted(self.answers.items())},
            "errors": list(self.errors),
            "notes": [note.to_dict() for note in self.notes],
        }

    def __str__(self) -> str:
        """A few lines of text."""
        answers = ", ".join(
            f"{status} ({times} times)" if times > 1 else str(status) for status, times in sorted(self.answers.items())
        )
        lines = [
            f"{self.where or 'somewhere'}: {self.call}: {answers}",
            *(f"  error: {error}" for error in self.errors),
            *([f"  removed: {self.removed}"] if self.removed else []),
            *([f"  now: {self.becomes}"] if self.becomes else []),
            *(f"  {note.field}: {note.what}" for note in self.notes),
            *([f"  see: {self.link}"] if self.link else []),
        ]
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Report:
    """All uses, in the order of their first call. It holds no secrets and no values of fields.

    Attributes:
        uses: one for each line and call.
        notes: all fields that were ignored or changed, without duplicates, including those of `uses`.
    """

    uses: tuple[Use, ...]
    notes: tuple[Note, ...]

    @classmethod
    def of(cls, calls: Iterable[CallRecord], notes: Iterable[Note] = ()) -> Self:
        """The report about `calls`."""
        grouped: dict[tuple[str | None, str | None, str], list[CallRecord]] = {}
        for call in calls:
            path = call.route.path if call.route else call.path
            grouped.setdefault((call.where, call.host, f"{call.method} {path}"), []).append(call)
        uses = tuple(_use(call, alike) for (_, _, call), alike in grouped.items())
        noted = dict.fromkeys([*notes, *(note for use in uses for note in use.notes)])
        return cls(uses=uses, notes=tuple(noted))

    @property
    def times(self) -> int:
        """The number of all calls."""
        return sum(use.times for use in self.uses)

    @property
    def removed(self) -> tuple[Use, ...]:
        """The uses of calls that v1 does not have."""
        return tuple(use for use in self.uses if use.removed)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python, for JSON."""
        return {
            "calls": self.times,
            "uses": [use.to_dict() for use in self.uses],
            "notes": [note.to_dict() for note in self.notes],
        }

    def __str__(self) -> str:
        """The report as text."""
        if not self.uses:
            return "No calls of the classic API were seen."
        shown = {note for use in self.uses for note in use.notes}
        others = [f"{note}" for note in self.notes if note not in shown]
        return "\n".join(
            [
                f"{_number(self.times, 'call')} of the classic API from {_number(len(self.uses), 'place')};"
                f" {_number(len(self.removed), 'place')} with a call that v1 does not have.",
                *(f"\n{use}" for use in self.uses),
                *(["\nAlso:", *(f"  {line}" for line in others)] if others else []),
            ]
        )


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _use(call: str, alike: list[CallRecord]) -> Use:
    first = alike[0]
    route = first.route
    return Use(
        where=first.where,
        call=call,
        host=first.host,
        becomes=route.instead if route else UNKNOWN,
        removed=route.removed if route else None,
        link=f"{MIGRATION_COMMAND}#{route.anchor}" if route else None,
        answers=dict(Counter(one.status for one in alike)),
        errors=tuple(dict.fromkeys(one.error for one in alike if one.error and one.status != REMOVED.status)),
        notes=tuple(dict.fromkeys(note for one in alike for note in one.notes)),
    )
