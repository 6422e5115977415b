"""docs/reliability.md is what the recorded figures give."""

from __future__ import annotations

import json

from tools.chaos import WRONG
from tools.reliability import PAGE, RECORD, page


def test_the_page_is_rendered_from_the_recorded_figures() -> None:
    assert PAGE.read_text() == page(json.loads(RECORD.read_text())), "run `python -m tools.reliability`"


def test_no_recorded_run_found_anything_wrong() -> None:
    record = json.loads(RECORD.read_text())
    assert not any(record["chaos"]["figures"][name] for name in WRONG)
    assert not any(record["crash"]["figures"][name] for name in ("lost", "doubled"))
    assert record["crash"]["figures"]["recovered"], "no process was killed after its request was sent"
    for figures in record["sweep"]["figures"].values():
        assert not {name for name, number in figures.items() if number} - {"places", "delayed"}
    assert record["hostile"]["figures"]["failed"] == record["fuzz"]["figures"]["failed"] == 0
