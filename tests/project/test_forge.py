"""What the forge reads (workflows, templates) and what the project says of itself agree with the project."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from qiskit_runtime_rest.cli.app import app

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(file for file in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if file.stem != "config")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
# docs/coverage.md is rendered from a run of the tests, and `tools.coverage` checks it.
PAGES = sorted([*ROOT.glob("*.md"), *{*(ROOT / "docs").rglob("*.md")} - {ROOT / "docs" / "coverage.md"}])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def load(file: Path) -> dict[Any, Any]:
    loaded = yaml.safe_load(file.read_text("utf-8"))
    assert isinstance(loaded, dict), file
    return loaded


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def commands(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        for command in re.split(r"&&|\|\||;", line):
            yield shlex.split(command)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows_run_commands_that_exist(file: Path) -> None:
    run = [command for step in steps(load(file)) if "run" in step for command in commands(step["run"])]
    ours = [command for command in run if command[0] in ("make", "qrr")]
    assert ours
    for program, *words in ours:
        if program == "make":
            assert words[0] in TARGETS, words
        else:
            group = typer.main.get_command(app)
            for word in words[:2]:
                group = group.commands[word]  # type: ignore[attr-defined]  # a group, as the words say


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows_pin_actions_by_major_version_and_have_limits(file: Path) -> None:
    workflow = load(file)
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", step["uses"]) for step in steps(workflow) if "uses" in step)
    assert workflow["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())


def test_tests_run_on_every_python_that_the_package_names() -> None:
    named = [entry.rpartition(" ")[2] for entry in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", entry)]
    jobs = load(ROOT / ".github" / "workflows" / "test.yml")["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == named
    assert jobs["wheel"]["strategy"]["matrix"]["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_drift_is_looked_for_on_a_schedule() -> None:
    workflow = load(ROOT / ".github" / "workflows" / "drift.yml")
    assert workflow[True]["schedule"]  # YAML 1.1 reads the key `on` as true
    assert any(step.get("run", "").startswith("qrr contract drift") for step in steps(workflow))


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_issue_forms_have_what_the_forge_needs(file: Path) -> None:
    form = load(file)
    assert {"name", "description", "body"} <= form.keys()
    ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
    assert len(ids) == len(set(ids))
    assert all(part["attributes"] for part in form["body"])


def test_dependabot_updates_actions_and_pinned_packages() -> None:
    updates = load(ROOT / ".github" / "dependabot.yml")["updates"]
    assert {entry["package-ecosystem"] for entry in updates} == {"github-actions", "pip"}


def test_every_place_names_the_same_licence() -> None:
    assert PROJECT["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License\n")
    assert "[MIT](LICENSE)" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_link_to_files_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", page.read_text("utf-8")):
        # `make docs` checks links to the pages that tools/site.py makes.
        if "://" not in target and not target.startswith("../reference/"):
            assert (page.parent / target).exists(), target


def test_make_lists_every_target_for_people() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    assert set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE)) == TARGETS
