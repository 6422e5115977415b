"""The report groups classic calls by line, and says what to change."""

from __future__ import annotations

import json

from qiskit_runtime_rest.legacy import Report
from qiskit_runtime_rest.legacy.table import ROUTES, find_route
from qiskit_runtime_rest.legacy.translation.call import MOST_NOTES, CallRecord, Note, Notes

HOST = "runtime-us-east.quantum-computing.ibm.com"
HUB = Note(call="POST /jobs", field="hub", what="is gone")
OTHER = Note(call="gateway", field="something", what="else")


def record(method: str, path: str, *, where: str | None = "a.py:1", status: int = 200, notes: tuple[Note, ...] = ()):  # type: ignore[no-untyped-def]
    match = find_route(method, path)
    return CallRecord(
        method=method,
        path=path,
        host=HOST,
        where=where,
        route=match.route if match else None,
        status=status,
        notes=notes,
    )


def test_calls_of_one_line_are_one_use() -> None:
    report = Report.of(
        [
            record("GET", "/jobs/one", where="a.py:2", status=200),
            record("POST", "/jobs", where="a.py:1", notes=(HUB,)),
            record("GET", "/facade/v1/jobs/two", where="a.py:2", status=404),
            record("GET", "/jobs/three", where="a.py:2", status=404),
            record("POST", "/jobs", where="a.py:1", notes=(HUB,)),
            record("GET", "/jobs/one", where="a.py:9"),
        ]
    )
    assert [(use.where, use.call, use.answers, use.times) for use in report.uses] == [
        ("a.py:2", "GET /jobs/{id}", {200: 1, 404: 2}, 3),
        ("a.py:1", "POST /jobs", {200: 2}, 2),
        ("a.py:9", "GET /jobs/{id}", {200: 1}, 1),
    ]
    assert report.uses[1].notes == (HUB,)
    assert report.times == 6
    assert "a.py:2: GET /jobs/{id}: 200, 404 (2 times)\n  now: GET /v1/jobs/{id}\n" in str(report)
    assert "  hub: is gone\n" in str(report)


def test_every_row_of_the_table_has_a_replacement_and_a_link() -> None:
    report = Report.of(record(route.method, route.path, where=f"a.py:{line}") for line, route in enumerate(ROUTES, 1))
    for use, route in zip(report.uses, ROUTES, strict=True):
        assert (use.call, use.becomes, use.removed) == (f"{route.method} {route.path}", route.instead, route.removed)
        assert str(use.link).endswith(f"#{route.anchor}")
        assert (use in report.removed) == (route.removed is not None)
        assert route.instead in str(use)


def test_an_unknown_call_and_an_unknown_line_are_reported() -> None:
    (use,) = Report.of([record("GET", "/nothing/like/it", where=None, status=404)]).uses
    assert (use.where, use.call, use.link) == (None, "GET /nothing/like/it", None)
    assert str(use) == "somewhere: GET /nothing/like/it: 404\n  now: the classic API had no such call"


def test_notes_without_a_call_are_reported() -> None:
    report = Report.of([record("POST", "/jobs", notes=(HUB,))], [HUB, OTHER])
    assert report.notes == (HUB, OTHER)
    assert str(report).endswith("Also:\n  gateway: something: else")


def test_a_report_without_calls_says_so() -> None:
    assert str(Report.of([])) == "No calls of the classic API were seen."


def test_a_report_can_be_written_as_json() -> None:
    report = Report.of([record("POST", "/jobs", where="größe.py:1", notes=(HUB,)), record("GET", "/health")])
    told = json.loads(json.dumps(report.to_dict()))
    assert told["calls"] == 2
    first, second = told["uses"]
    assert (first["where"], first["answers"], first["times"]) == ("größe.py:1", {"200": 1}, 1)
    assert first["notes"] == [{"call": "POST /jobs", "field": "hub", "what": "is gone"}] == told["notes"]
    assert second["removed"]
    assert second["becomes"]


def test_only_the_newest_notes_are_kept() -> None:
    notes = Notes()
    for number in range(MOST_NOTES + 5):
        notes.add(Note(call="POST /jobs", field=f"field {number}", what="ignored"))
    kept = [note.field for note in notes]
    assert (len(kept), kept[0], kept[-1]) == (MOST_NOTES, "field 5", f"field {MOST_NOTES + 4}")
