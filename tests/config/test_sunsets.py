"""The day on which an API version is switched off, from this release or from the service's last list."""

from __future__ import annotations

import datetime
import sqlite3
import warnings
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import Settings
from qiskit_runtime_rest.config.api_versions import API_VERSION, SUNSETS, days_left, describe_end
from qiskit_runtime_rest.config.state_file import State
from qiskit_runtime_rest.config.sunsets import NEAR_DAYS, remember, sunset_of, warn_in_time

from ..fixtures.loopback import CRN

SERVICE = "https://service.example/api"
VERSION = "2024-01-01"


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state.sqlite")


def seconds(day: str) -> float:
    return datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()


def warned(state: State, day: str, **settings: Any) -> list[str]:
    made = Settings(**{"api_key": "key", "instance": CRN, "environ": {}, "base_url": SERVICE, **settings})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_in_time(made, state=state, now=seconds(day))
    return [str(warning.message) for warning in caught]


def test_versions_ascend_and_the_newest_one_has_no_end() -> None:
    assert list(SUNSETS) == sorted(SUNSETS)
    assert SUNSETS[API_VERSION] is None


@pytest.mark.parametrize(
    ("sunset", "left"),
    [("2027-01-01", 1), ("2026-12-31T00:00:00Z", 0), ("2026-12-30", -1), (None, None), ("soon", None), (5, None)],
)
def test_days_left_are_counted_from_today(sunset: object, left: int | None) -> None:
    assert days_left(sunset, today=datetime.date(2026, 12, 31)) == left


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (2, "will be switched off on 2027-01-01, in 2 days"),
        (1, "will be switched off on 2027-01-01, in 1 day"),
        (0, "will be switched off on 2027-01-01, in 0 days"),
        (-1, "was switched off on 2027-01-01"),
    ],
)
def test_the_end_of_a_version_as_text(left: int, text: str) -> None:
    assert describe_end("2027-01-01", left) == text


def test_without_a_list_of_the_service_the_release_decides_and_no_file_is_created(state: State) -> None:
    assert sunset_of(VERSION, service=SERVICE, state=state) == SUNSETS[VERSION]
    assert sunset_of("2031-01-01", service=SERVICE, state=state) is None
    assert not state.path.exists()


def test_the_last_list_of_the_service_takes_precedence(state: State) -> None:
    for sunset in ("2026-06-01", "2028-06-01"):
        remember([{"version": VERSION, "status": "deprecated", "sunset_date": sunset}], service=SERVICE, state=state)
        assert sunset_of(VERSION, service=SERVICE, state=state) == sunset
    assert sunset_of(VERSION, service="https://other.example", state=state) == SUNSETS[VERSION]
    remember([{"version": VERSION, "status": "live", "sunset_date": None}], service=SERVICE, state=state)
    assert sunset_of(VERSION, service=SERVICE, state=state) is None


def test_a_list_of_names_only_says_nothing_about_ends(state: State) -> None:
    remember([{"version": VERSION}], service=SERVICE, state=state)
    assert sunset_of(VERSION, service=SERVICE, state=state) == SUNSETS[VERSION]


def test_a_broken_state_file_is_ignored(state: State) -> None:
    state.path.write_text("not a database, " * 100)
    remember([{"version": VERSION, "status": "live", "sunset_date": None}], service=SERVICE, state=state)
    assert sunset_of(VERSION, service=SERVICE, state=state) == SUNSETS[VERSION]
    with pytest.raises(sqlite3.DatabaseError), sqlite3.connect(state.path) as opened:
        opened.execute("SELECT * FROM api_versions")
    opened.close()


@pytest.mark.parametrize(("days", "times"), [(NEAR_DAYS + 1, 0), (NEAR_DAYS, 1), (-1, 1)])
def test_a_warning_comes_once_and_only_in_the_last_days(state: State, days: int, times: int) -> None:
    day = datetime.date(2027, 1, 1) - datetime.timedelta(days=days)
    messages = warned(state, day.isoformat(), api_version=VERSION)
    assert len(messages) == times
    assert all(message.startswith(f"API version {VERSION} w") for message in messages)
    assert warned(state, day.isoformat(), api_version=VERSION) == []
