"""Which rule spoils which request, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from qiskit_runtime_rest.emulator.faults import FaultRule, FaultRules

NAMES = frozenset({"get_job", "get_job_jid"})


@pytest.fixture
def rules() -> FaultRules:
    return FaultRules(NAMES | {"list_jobs"})


def spoilt(rules: FaultRules, times: int, names: frozenset[str] = NAMES) -> list[bool]:
    return [rules.take(names) is not None for _ in range(times)]


def add(rules: FaultRules, **fields: Any) -> FaultRule:
    return rules.add(FaultRule.parse({"operation": "get_job", **fields}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [True, False, False]),
        ({"times": 2}, [True, True, False]),
        ({"times": None}, [True, True, True]),
        ({"skip": 2}, [False, False, True]),
        ({"probability": 0.0}, [False, False, False]),
        ({"probability": 1.0}, [True, True, True]),
    ],
)
def test_a_rule_spoils_the_chosen_number_of_requests(
    rules: FaultRules, fields: dict[str, Any], expected: list[bool]
) -> None:
    rule = add(rules, **fields)
    assert spoilt(rules, 3) == expected
    assert [(one.id, one.fired) for one in rules.all()] == [(rule.id, sum(expected))]


@pytest.mark.parametrize("operation", ["get_job", "get_job_jid", "get_jo?", "get_*", "*"])
def test_a_rule_names_its_operation_by_plain_name_contract_id_or_pattern(rules: FaultRules, operation: str) -> None:
    add(rules, operation=operation)
    assert spoilt(rules, 1) == [True]


def test_other_operations_are_not_spoilt(rules: FaultRules) -> None:
    add(rules, operation="list_jobs")
    assert spoilt(rules, 1) == [False]
    assert spoilt(rules, 1, frozenset({"list_jobs"})) == [True]


def test_the_same_seed_makes_the_same_random_choices(rules: FaultRules) -> None:
    runs = []
    for _ in range(2):
        rules.clear()
        add(rules, probability=0.5, seed=3)
        runs.append(spoilt(rules, 20))
    assert runs[0] == runs[1]
    assert set(runs[0]) == {True, False}


def test_the_first_rule_that_is_not_used_up_applies(rules: FaultRules) -> None:
    first, second = add(rules, status=500), add(rules, status=503)
    assert [rule and rule.id for rule in (rules.take(NAMES), rules.take(NAMES), rules.take(NAMES))] == [
        first.id,
        second.id,
        None,
    ]
    assert rules.remove(first.id)
    assert not rules.remove(first.id)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"colour": "red"}, "colour"),
        ({"id": 1}, "id"),
        ({"kind": "sulk"}, "'sulk' is not a kind of fault"),
        ({"probability": 2}, "probability"),
        ({"status": "many"}, "status='many': must be int"),
        ({"kind": []}, "is not a kind of fault"),
        ({"delay": float("nan")}, "delay"),
        ({"headers": {"A": "b\r\nC: d"}}, "cannot be sent as a header"),
        ({"retry_after": "1\r\nC: d"}, "cannot be sent in a header"),
        ({"html": "\ud800"}, "UTF-8"),
        ({"times": 0}, "times"),
        (5, "5"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_reason(given: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        FaultRule.parse(given)


@pytest.mark.parametrize("operation", ["get_jobb", "nothing_*"])
def test_a_rule_that_matches_no_operation_is_refused(rules: FaultRules, operation: str) -> None:
    with pytest.raises(ValueError, match=r"matches no operation\. Known: get_job, get_job_jid, list_jobs"):
        add(rules, operation=operation)
    assert rules.all() == []
