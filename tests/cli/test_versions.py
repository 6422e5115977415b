from __future__ import annotations

import datetime
import json

import pytest

from .conftest import Run


@pytest.mark.parametrize("pinned", ["2026-04-15", "2024-01-01"])
def test_versions_have_sunset_dates_whichever_is_pinned(qrr: Run, pinned: str) -> None:
    document = json.loads(qrr("versions", "--json", "--api-version", pinned).stdout)
    assert document["pinned"] == pinned
    entries = document["versions"]
    assert [entry["version"] for entry in entries if entry["pinned"]] == [pinned]
    oldest = entries[0]
    left = datetime.date.fromisoformat(oldest["sunset_date"]) - datetime.datetime.now(datetime.UTC).date()
    assert abs(oldest["days_left"] - left.days) <= 1
    marked = [line for line in qrr("versions", "--api-version", pinned).stdout.splitlines() if "→" in line]
    assert [line.split()[1] for line in marked] == [pinned]
