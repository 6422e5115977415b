"""The warning before a pinned API version is switched off: in time, once a process, without a request."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.clocks import ServiceClock
from ..fixtures.faces import Connect


class On(ServiceClock):
    """A clock that shows noon of a day."""

    def __init__(self, emulator: Emulator, day: str) -> None:
        super().__init__(emulator)
        self._noon = datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()

    def time(self) -> float:
        return self._noon + self.elapsed


@contextmanager
def heard() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@pytest.mark.parametrize(
    ("version", "day", "message"),
    [
        ("2024-01-01", "2026-10-02", None),
        ("2024-01-01", "2026-10-03", "2024-01-01 will be switched off on 2027-01-01, in 90 days"),
        ("2024-01-01", "2027-01-01", "2024-01-01 will be switched off on 2027-01-01, in 0 days"),
        ("2024-01-01", "2027-01-02", "2024-01-01 was switched off on 2027-01-01"),
        ("2026-03-15", "2026-11-21", None),
        ("2026-03-15", "2027-01-02", "2026-03-15 will be switched off on 2027-03-15, in 72 days"),
        ("2026-04-15", "2030-01-01", None),
        ("2031-01-01", "2030-01-01", None),
    ],
)
def test_a_known_sunset_is_warned_of_in_time(
    emulator: Emulator, options: dict[str, Any], version: str, day: str, message: str | None
) -> None:
    with heard() as caught:
        RuntimeClient(**{**options, "clock": On(emulator, day), "api_version": version}).close()
    assert [warning.category for warning in caught] == [DeprecationWarning] * (message is not None)
    if message is not None:
        assert message in str(caught[0].message)
        assert "qrr versions" in str(caught[0].message)
        assert caught[0].filename == __file__  # Python shows it where the user's code caused it


def test_the_warning_comes_once_a_process(emulator: Emulator, connect: Connect) -> None:
    with heard() as caught:
        for _ in range(3):
            connect(clock=On(emulator, "2026-12-01"), api_version="2025-01-01")
    assert len(caught) == 1


def test_the_dates_of_the_last_response_count_and_no_request_is_sent(emulator: Emulator, connect: Connect) -> None:
    said = {
        "versions": [
            {"version": "2025-05-01", "status": "deprecated", "sunset_date": "2028-01-01"},
            {"version": "2026-04-15", "status": "deprecated", "sunset_date": "2027-01-10"},
        ]
    }
    emulator.faults.add("get_versions", status=200, body=said, times=1)
    clock = On(emulator, "2027-01-01")
    connect(clock=On(emulator, "2026-01-01")).do(lambda client: client.versions())
    emulator.clear_requests()
    with heard() as caught:
        connect(clock=clock, api_version="2025-05-01")  # its date is later than this release knows
        connect(clock=clock, api_version="2026-02-01")  # not listed: the date of this release counts
    assert [str(warning.message)[:22] for warning in caught] == ["API version 2026-02-01"]
    assert emulator.requests == []


def test_a_sunset_of_the_newest_version_is_warned_of(
    emulator: Emulator, options: dict[str, Any], tmp_path: Path
) -> None:
    said = {"versions": [{"version": "2026-04-15", "status": "deprecated", "sunset_date": "2027-04-15"}]}
    emulator.faults.add("get_versions", status=200, body=said, times=1)
    state = {"state_path": tmp_path / "announced.sqlite"}
    early = {**options, **state, "clock": On(emulator, "2026-06-01"), "api_version": "2026-03-15"}
    with RuntimeClient(**early) as client:
        client.versions()
    with heard() as caught:
        RuntimeClient(**{**options, **state, "clock": On(emulator, "2027-04-14")}).close()
    assert len(caught) == 1
    assert str(caught[0].message).startswith("API version 2026-04-15 will be switched off on 2027-04-15, in 1 day. ")


def test_a_list_of_bare_names_changes_no_date(emulator: Emulator, connect: Connect) -> None:
    connect(clock=On(emulator, "2024-06-01"), api_version="2024-01-01").do(lambda client: client.versions())
    with heard() as caught:
        connect(clock=On(emulator, "2026-12-01"), api_version="2026-02-01")
    assert len(caught) == 1


def test_reading_the_dates_creates_no_state_file(emulator: Emulator, options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "state.sqlite"
    with heard():
        RuntimeClient(**options, state_path=path, api_version="2024-01-01").close()
    assert not path.parent.exists()


def test_an_unusable_state_file_does_no_harm(connect: Connect, tmp_path: Path) -> None:
    face = connect(state_path=tmp_path)  # a folder
    assert face.do(lambda client: client.versions())
