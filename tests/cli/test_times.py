from __future__ import annotations

import datetime

import pytest

from qiskit_runtime_rest.cli.times import duration, how_long_ago

ZONE = datetime.timezone(datetime.timedelta(hours=2))
NOW = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-11-30T11:59:30Z", "just now"),
        ("2026-11-30T12:00:20Z", "just now"),
        ("2026-11-30T11:55:00Z", "5 min ago"),
        ("2026-11-30T13:55:00+02:00", "5 min ago"),
        ("2026-11-30T11:55:00", "5 min ago"),  # the service's times without an offset are UTC
        ("not a time", "not a time"),
        (None, ""),
    ],
)
def test_a_time_is_the_shorter_the_nearer(written: object, shown: str) -> None:
    assert how_long_ago(written, now=NOW) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (datetime.timedelta(hours=3), "today %H:%M"),
        (datetime.timedelta(days=1), "yesterday %H:%M"),
        (datetime.timedelta(days=9), "%b {day} %H:%M"),
        (datetime.timedelta(days=400), "%Y-%m-%d"),
    ],
)
def test_a_time_of_another_day_is_local(ago: datetime.timedelta, shown: str) -> None:
    now = datetime.datetime(2026, 11, 30, 14, 0).astimezone()
    then = now - ago
    assert how_long_ago(then.astimezone(datetime.UTC).isoformat(), now=now) == then.strftime(shown.format(day=then.day))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.42, "0.4 s"), (12.4, "12 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_a_duration_has_two_units_at_most(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
