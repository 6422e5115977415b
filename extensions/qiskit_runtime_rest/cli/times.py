"""Dates and durations as people read them."""

from __future__ import annotations

import datetime

__all__ = ["duration", "how_long_ago", "local_time", "read_time"]

MINUTE, HOUR = 60, 3600


def read_time(value: object) -> datetime.datetime | None:
    """A time of the service, which is UTC unless it says otherwise; None if it is not one."""
    try:
        moment = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(str(value))
    except ValueError:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).astimezone()
    except (ValueError, OverflowError):  # in the year 0 or 10000 in local time
        return None


def local_time(value: object) -> str:
    """A time of the service as local date and time; another text unchanged."""
    moment = read_time(value)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else str(value or "")


def how_long_ago(value: object, *, now: datetime.datetime | None = None) -> str:
    """A time of the service, the shorter the nearer: `5 min ago`, `yesterday 14:03`, `Nov 21 14:03`, `2025-11-21`."""
    moment = read_time(value)
    if moment is None:
        return str(value or "")
    now = (now or datetime.datetime.now(datetime.UTC)).astimezone()
    local = moment.astimezone(now.tzinfo)
    seconds = (now - moment).total_seconds()
    days = (now.date() - local.date()).days
    if -MINUTE < seconds < MINUTE:
        return "just now"
    if 0 < seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min ago"
    if seconds > 0 and days == 0:
        return f"today {local:%H:%M}"
    if seconds > 0 and days == 1:
        return f"yesterday {local:%H:%M}"
    return f"{local:%b} {local.day} {local:%H:%M}" if local.year == now.year else f"{local:%Y-%m-%d}"


def duration(seconds: float) -> str:
    """Seconds as `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
