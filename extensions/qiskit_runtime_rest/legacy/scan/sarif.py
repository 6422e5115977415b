"""Findings as SARIF 2.1.0, which code hosts show beside the lines.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..._version import __version__
from ..table import MIGRATION_GUIDE
from .finding import Finding, Rule, Skipped
from .rules import RULES

__all__ = ["sarif"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(findings: Sequence[Finding], skipped: Sequence[Skipped] = ()) -> dict[str, Any]:
    """One run: the tables as rules, the findings as results, skipped files as notifications."""
    places = {rule.id: place for place, rule in enumerate(RULES)}
    driver = {"name": "qrr legacy scan", "version": __version__, "rules": [_rule(rule) for rule in RULES]}
    notices = [
        {"level": "warning", "message": {"text": one.why}, "locations": [{"physicalLocation": _artifact(one.path)}]}
        for one in skipped
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notices}],
        "results": [_result(finding, places[finding.rule.id]) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    # The link to our page is relative to the project; a `helpUri` has to be absolute.
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title} of the classic API"},
        "fullDescription": {"text": f"{rule.title} is now: {rule.becomes}"},
        "helpUri": MIGRATION_GUIDE,
        "help": {"text": f"See {rule.link}", "markdown": f"See [the migration page]({rule.link})."},
        "defaultConfiguration": {"level": "warning"},
    }


def _result(finding: Finding, place: int) -> dict[str, Any]:
    # In a notebook the line is that of its JSON, where columns mean nothing.
    region = {"startLine": finding.file_line}
    location: dict[str, Any] = {"physicalLocation": {**_artifact(finding.path), "region": region}}
    if finding.cell is None:
        region["startColumn"] = finding.column
    else:
        name = f"cell {finding.cell}, line {finding.line}, column {finding.column}"
        location["logicalLocations"] = [{"name": name, "kind": "member"}]
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": place,
        "level": "warning",
        "message": {"text": f"{finding.found} becomes: {finding.becomes}"},
        "locations": [location],
    }


def _artifact(path: Path) -> dict[str, Any]:
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    return {"artifactLocation": {"uri": uri}}
