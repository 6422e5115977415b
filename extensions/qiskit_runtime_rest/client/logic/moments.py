"""Dates and times as people write them: `2026-04-15 12:00`, `yesterday`, `3 days ago`, `2h`."""

from __future__ import annotations

import datetime
import re
import time

from ...base.text import shown
from ...errors import InvalidInput

__all__ = ["moment"]

AGO = re.compile(r"(\d+)\s*([a-z]+?)s?(?:\s+ago)?")
UNITS = {
    **dict.fromkeys(("s", "sec", "second"), 1),
    **dict.fromkeys(("m", "min", "minute"), 60),
    **dict.fromkeys(("h", "hour"), 3600),
    **dict.fromkeys(("d", "day"), 86_400),
    **dict.fromkeys(("w", "week"), 7 * 86_400),
}
"""Seconds of each unit of a time ago."""

DAYS = {"today": 0, "yesterday": 1}
"""Days since the midnight at which each day began."""


def moment(value: datetime.datetime | datetime.date | str | None, name: str, *, now: float) -> datetime.datetime | None:
    """A date and time with an offset, which the service needs; without one it is local time.

    Args:
        value: a `datetime`, a `date` (its midnight), or a text.
        name: of the argument, for errors.
        now: Unix time.

    Raises:
        InvalidInput: not a date.
    """
    if isinstance(value, str):
        value = _read(value, name, now=datetime.datetime.fromtimestamp(now).astimezone())
    elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    if value is not None and not isinstance(value, datetime.datetime):
        raise InvalidInput(f"{name}={shown(value)}: expected a datetime, or a text such as 2026-04-15T12:00:00Z.")
    try:
        return value if value is None or value.tzinfo is not None else value.astimezone()
    except (ValueError, OverflowError):  # next to the first or the last day that Python knows
        raise InvalidInput(
            f"{name}={value!s}: this day has no time zone. Write it with an offset, such as Z."
        ) from None


def _read(text: str, name: str, *, now: datetime.datetime) -> datetime.datetime:
    from dateutil import parser

    words = text.strip().lower()
    if words == "now":
        return now
    if words in DAYS:
        day = now.date() - datetime.timedelta(days=DAYS[words])
        return datetime.datetime.combine(day, datetime.time())
    try:
        ago = AGO.fullmatch(words)
        if ago is not None and ago[2] in UNITS:
            return now - datetime.timedelta(seconds=int(ago[1]) * UNITS[ago[2]])
        return parser.parse(text, tzinfos=_offset)
    except (ValueError, ArithmeticError):  # the parser passes on those of `decimal`
        raise InvalidInput(
            f"{name}={text!r} is not a date; write it as 2026-04-15T12:00:00Z, yesterday, 3 days ago or 2h."
        ) from None


def _offset(zone: str | None, seconds: int | None) -> int | None:
    """Seconds east of UTC; None for local time. Without this, the parser would ignore an unknown zone."""
    if zone is not None and seconds is None and zone not in time.tzname:
        raise ValueError(zone)
    return seconds
