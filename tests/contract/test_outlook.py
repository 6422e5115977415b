"""The outlook for an API version, from what the service lists."""

from __future__ import annotations

import datetime

import pytest

from qiskit_runtime_rest.client.operations import OPERATIONS
from qiskit_runtime_rest.config.api_versions import days_left
from qiskit_runtime_rest.contract.outlook import version_outlook

VERSIONS = [
    {"version": "2025-01-01", "status": "deprecated", "sunset_date": "2027-01-01"},
    {"version": "2026-04-15", "status": "live"},
]


@pytest.mark.parametrize(
    ("pinned", "today", "left", "summary"),
    [
        ("2025-01-01", "2026-12-31", 1, "will be switched off on 2027-01-01, in 1 day"),
        ("2025-01-01", "2027-01-03", -2, "was switched off on 2027-01-01"),
        ("2026-04-15", "2027-01-03", None, "no end is known"),
    ],
)
def test_the_outlook_counts_the_days(pinned: str, today: str, left: int | None, summary: str) -> None:
    outlook = version_outlook(pinned, VERSIONS, today=datetime.date.fromisoformat(today), uses=OPERATIONS)
    assert (outlook.days_left, outlook.latest) == (left, "2026-04-15")
    assert summary in outlook.summary


def test_a_list_of_bare_names_leaves_the_dates_of_this_release() -> None:
    listed = [{"version": "2025-01-01"}, {"version": "2026-04-15"}]
    outlook = version_outlook("2025-01-01", listed, today=datetime.date(2026, 12, 1), uses=OPERATIONS)
    assert (outlook.sunset_date, outlook.days_left) == ("2027-01-01", 31)


def test_unknown_versions_are_not_compared() -> None:
    listed = [*VERSIONS, {"version": "2031-01-01", "status": "live"}]
    outlook = version_outlook("2026-04-15", listed, today=datetime.date(2026, 12, 1), uses=OPERATIONS)
    assert (outlook.latest, outlook.changes) == ("2031-01-01", None)
    assert "contracts of both versions" in outlook.summary


def test_days_left_are_negative_after_the_sunset_and_unknown_without_one() -> None:
    today = datetime.date(2027, 1, 11)
    assert days_left("2027-01-01", today=today) == -10
    assert days_left("2027-01-12T00:00:00Z", today=today) == 1
    assert days_left(None, today=today) is None
