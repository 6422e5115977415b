from __future__ import annotations

import json

import pytest

from qiskit_runtime_rest.cli.docs import page_names, page_text
from qiskit_runtime_rest.legacy.scan.rules import RULES

from .conftest import Run


def test_all_pages_are_listed_with_their_titles(qrr: Run) -> None:
    listed = [json.loads(line) for line in qrr("docs", "--json").stdout.splitlines()]
    assert {"page": "jobs", "title": "A thousand jobs"} in listed
    assert {"page": "howto/quotas", "title": "Quotas and limits"} in listed
    assert [one["page"] for one in listed] == page_names()
    assert "A thousand jobs" in qrr("docs").stdout


def test_a_page_is_shown_by_its_name_or_its_file(qrr: Run) -> None:
    shown = qrr("docs", "jobs").stdout
    assert shown.strip() == page_text("jobs").strip()
    assert qrr("docs", "docs/jobs.md").stdout == shown


def test_a_section_is_shown_up_to_the_next_one_of_its_kind(qrr: Run) -> None:
    shown = qrr("docs", "jobs#rate-limit").stdout
    assert shown.startswith("## Rate limit\n")
    assert "five submissions per minute" in shown
    assert "## Many at once" not in shown


def test_a_comment_in_a_block_is_no_heading(qrr: Run) -> None:
    assert "NotImplemented" not in qrr("docs", "howto/docker#your-program-in-a-container").stdout
    assert "python job.py" in qrr("docs", "howto/docker#your-program-in-a-container").stdout


def test_every_rule_of_the_scan_names_a_section_that_can_be_shown(qrr: Run) -> None:
    for rule in RULES:
        command, arguments = rule.link.split()[:2], rule.link.split()[2:]
        assert command == ["qrr", "docs"]
        shown = qrr("docs", *arguments)
        assert shown.exit_code == 0, rule.link
    row = qrr("docs", "migration#sdk-setting-channel-ibm-quantum").stdout.splitlines()
    assert len(row) == 5
    assert row[-1].startswith("| ")


@pytest.mark.parametrize(
    ("page", "hint"), [("job", "Did you mean 'jobs'?"), ("xyzzy", "`qrr docs`"), ("jobs#xyzzy", "rate-limit")]
)
def test_a_page_that_is_not_there_is_wrong_use(qrr: Run, page: str, hint: str) -> None:
    result = qrr("docs", page)
    assert result.exit_code == 2
    assert hint in result.stderr
