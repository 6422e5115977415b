"""The parts of `make sweep`, and its report. tests/http/test_interruptions.py runs some of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tools.sweep import CALLS, PARTS, Report, parts


def test_the_parts_are_the_whole() -> None:
    counts = Counter((kind, call) for kind, call, _ in parts())
    assert len(set(parts())) == sum(counts.values())
    once = {(kind, call): 1 for kind in ("cancelled", "closed") for call in CALLS}
    assert counts == once | {(kind, call): PARTS for kind in ("Ctrl-C", "fork") for call in CALLS}


def test_a_stopped_run_goes_on_with_the_parts_that_are_left(tmp_path: Path) -> None:
    path = tmp_path / "sweep.json"
    first = Report(path, "make sweep")
    first.add(("fork", "get", 0), {"places": 3, "locked": 0})
    assert Report(path, "make sweep SWEEP='--every 2'").done == {}
    second = Report(path, "make sweep")
    assert set(second.done) == {("fork", "get", 0)}
    second.add(("fork", "get", 1), {"places": 4, "locked": 1})
    assert second.end()["fork: get"] == {"places": 7, "locked": 1}
    assert json.loads(path.read_text())["figures"]["fork: get"] == {"places": 7, "locked": 1}
    assert Report(path, "make sweep").done == {}
