"""The check of a service against the contract: its requests, findings and exemptions."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import oas_patch  # type: ignore[import-untyped]
import pytest
from typer.testing import CliRunner

from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.conformance.embedded import in_process, over_socket
from qiskit_runtime_rest.conformance.exemptions import Exemption, Exemptions, exemptions
from qiskit_runtime_rest.conformance.run import Scope, Target, check
from qiskit_runtime_rest.contract.sources import vendored
from qiskit_runtime_rest.contract.versions import corrections


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with in_process(finished=False) as target:
        yield target


def prose(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False)


def words_about(operation_id: str) -> str:
    """The contract's text about an operation, its schemas included."""
    content = vendored()
    written = next(
        prose(operation)
        for item in content["paths"].values()
        for operation in item.values()
        if operation["operationId"] == operation_id
    )
    met: set[str] = set()
    while True:
        named = {name for name in content["components"]["schemas"] if f'/schemas/{name}"' in written} - met
        if not named:
            return written
        met |= named
        written += "".join(prose(content["components"]["schemas"][name]) for name in named)


@pytest.mark.parametrize("one", exemptions(), ids=lambda one: f"{one.operation}-{one.failure}-{one.about}")
def test_each_exemption_quotes_the_contract_about_its_operation(one: Exemption) -> None:
    assert one.says in words_about(one.operation)
    assert one.because


@pytest.mark.parametrize("one", corrections(), ids=lambda one: one["target"])
def test_each_correction_quotes_the_contract_and_changes_it(one: dict[str, Any]) -> None:
    assert one["x-says"] in prose(vendored())
    assert one["description"]
    document = copy.deepcopy(dict(vendored()))
    oas_patch.apply_overlay(document, {"overlay": "1.0.0", "info": {"title": "", "version": "1"}, "actions": [one]})
    assert document != vendored()


def test_the_examples_of_all_operations_are_answered_as_documented_in_process(target: Target) -> None:
    report = check(target, Scope(phases=["examples"]))
    assert report.passed, report.lines()
    assert len({operation for operation, _ in report.answers}) == sum(
        len(item) for item in vendored()["paths"].values()
    )


def test_examples_are_answered_as_documented_through_a_socket() -> None:
    with over_socket(finished=False) as target:
        report = check(
            target, Scope(phases=["examples"], operations=["list_jobs", "create_job", "get_usage", "logout"])
        )
    assert report.passed, report.lines()
    assert {("list_jobs", 200), ("create_job", 200), ("get_usage", 200), ("logout", 204)} <= report.answers.keys()


def test_proxies_are_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with over_socket(finished=False) as target:
        report = check(target, Scope(phases=["examples"], operations=["list_tags", "get_instance"]))
    assert report.passed, report.lines()
    assert {("list_tags", 200), ("get_instance", 200)} <= report.answers.keys()


def test_a_short_walk_along_the_links_finds_nothing(target: Target) -> None:
    report = check(target, Scope(phases=["stateful"], examples=10))
    assert report.passed, report.lines()
    assert {("create_job", 200), ("get_job", 200), ("create_session", 200)} <= report.answers.keys()


def test_generated_values_are_the_same_in_each_run(target: Target) -> None:
    scope = Scope(phases=["fuzzing"], operations=["list_tags"], examples=20)
    first, second = check(target, scope), check(target, scope)
    assert first.passed, first.lines()
    assert {("list_tags", 200), ("list_tags", 404)} <= first.answers.keys()
    assert first.answers == second.answers
    assert check(target, Scope(phases=["fuzzing"], operations=["list_tags"], examples=20, seed=1)).seed == 1


def test_without_exemptions_the_same_responses_are_findings(target: Target) -> None:
    scope = Scope(phases=["coverage"], operations=["get_backend_status"])
    assert check(target, scope).passed
    report = check(target, scope, allowed=Exemptions([]))
    assert ("get_backend_status", "UndefinedStatusCode", 404) in report.findings
    assert "get_backend_status: UndefinedStatusCode (404, coverage)" in "\n".join(report.lines())


def test_exemptions_that_were_needed_are_counted(target: Target) -> None:
    allowed = Exemptions()
    check(target, Scope(phases=["coverage"], operations=["get_backend_status"]), allowed=allowed)
    assert {one.operation for one in allowed.needed} == {"get_backend_status"}


@pytest.mark.parametrize("arguments", [["--allow-jobs", "1"], ["--yes"], ["--instance", "crn:x"]])
def test_options_of_the_live_check_need_live(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["contract", "check", *arguments]).exit_code == 2
