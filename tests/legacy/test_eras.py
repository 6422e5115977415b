"""The form of 2021 or 2023: what shows it, for how long it counts, and what is said when it is not known."""

from __future__ import annotations

from typing import Any

import pytest

from qiskit_runtime_rest.legacy.table import find_route
from qiskit_runtime_rest.legacy.translation.call import Note
from qiskit_runtime_rest.legacy.translation.callers import Caller
from qiskit_runtime_rest.legacy.translation.eras import Eras, shown_era

ADA, BOB = Caller("key of ada"), Caller("key of bob")


@pytest.mark.parametrize(
    ("body", "era"),
    [
        ({"programId": "sampler"}, "2021"),
        ({"program_id": "sampler", "params": ["{}"]}, "2021"),
        ({"name": "n", "isPublic": True}, "2021"),
        ({"name": "n", "backendRequirements": "{}"}, "2021"),
        ({"program_id": "sampler"}, "2023"),
        ({"name": "n", "spec": {}}, "2023"),
        ({"name": "n"}, None),
        (None, None),
        ("text", None),
    ],
)
def test_a_body_shows_the_era(body: Any, era: str | None) -> None:
    assert shown_era(body) == era


def ask(eras: Eras, line: str, body: Any = None, *, caller: Caller | None = ADA) -> tuple[str, list[str]]:
    match = find_route(*line.split())
    assert match is not None
    notes: list[Note] = []
    return eras.of(caller, body, match.route, notes), [note.what for note in notes]


def test_what_a_caller_has_shown_counts_for_its_later_calls() -> None:
    eras = Eras("2023")
    assert ask(eras, "POST /jobs", {"programId": "p"}) == ("2021", [])
    assert ask(eras, "GET /jobs/j") == ("2021", [])
    assert ask(eras, "GET /programs") == ("2021", [])
    assert ask(eras, "GET /jobs/j", caller=BOB)[0] == "2023"
    assert ask(eras, "POST /jobs", {"program_id": "p"}) == ("2023", [])
    assert ask(eras, "GET /programs") == ("2023", [])


@pytest.mark.parametrize("line", ["GET /programs", "GET /programs/p", "GET /jobs", "GET /jobs/j"])
def test_a_guess_on_which_the_answer_depends_names_the_option(line: str) -> None:
    era, (note,) = ask(Eras("2023"), line, caller=None)
    assert era == "2023"
    assert "--era 2021" in note


def test_no_option_is_named_where_it_would_not_help() -> None:
    assert ask(Eras("2023"), "GET /backends") == ("2023", [])
    assert ask(Eras("2023"), "GET /jobs/j/results") == ("2023", [])
    assert ask(Eras("2021"), "GET /programs") == ("2021", [])
    assert ask(Eras("2021"), "POST /jobs", {"program_id": "p"}) == ("2021", [])


def test_a_gateway_answers_in_the_form_that_its_client_has_shown(gateway: Any) -> None:
    assert isinstance(gateway.http.get("/programs").json(), dict)
    assert "era" in {note.field for note in gateway.translator.notes}
    job = gateway.http.post("/jobs", json={"programId": "runtime-simple", "params": ['{"iterations": 1}']})
    assert job.status_code == 200
    assert isinstance(gateway.http.get("/programs").json(), list)
