"""Recall and precision of the scan, over files of each kind whose classic uses are known."""

from __future__ import annotations

from pathlib import Path

from qiskit_runtime_rest.legacy.scan import RULES, scan

CORPUS = Path(__file__).parent / "scan_corpus"
TRUTH = CORPUS.parent / "scan_truth.txt"
PAGE = Path(__file__).parents[2] / "docs" / "classic.md"
LEAST = 0.95
LANGUAGES = {".py", ".ipynb", ".md", ".sh", ".js", ".ts", ".java", ".m", ".jl", ".go", ".rs", ".cs", ".dart"}

Use = tuple[str, str]
"""`file:line`, or `file:cell:line`, and the rule."""


def found() -> set[Use]:
    uses = set()
    for one in scan([CORPUS]):
        place = [one.path.relative_to(CORPUS).as_posix(), *([one.cell] if one.cell else []), one.line]
        uses.add((":".join(map(str, place)), one.rule.id))
    return uses


def known() -> set[Use]:
    uses = (line.partition(" # ")[0].split() for line in TRUTH.read_text(encoding="utf-8").splitlines())
    return {(place, rule) for place, *rules in filter(None, uses) if place != "#" for rule in rules}


def test_recall_and_precision_are_at_least_95_percent() -> None:
    right, uses = known(), found()
    recall, precision = len(right & uses) / len(right), len(right & uses) / len(uses)
    print(f"recall {recall:.1%}, precision {precision:.1%} of {len(right)} uses")
    assert min(recall, precision) >= LEAST, (sorted(right - uses), sorted(uses - right))
    figures = f"finds {recall:.1%} of {len(right)} classic uses, and {precision:.1%} of its findings are right"
    assert figures in " ".join(PAGE.read_text(encoding="utf-8").split())


def test_the_known_uses_name_rules_and_files_that_exist() -> None:
    rules = {rule.id for rule in RULES}
    for place, rule in known():
        assert (CORPUS / place.partition(":")[0]).is_file()
        assert rule in rules


def test_the_corpus_has_each_language_and_programs_without_classic_use() -> None:
    suffixes = {path.suffix for path in CORPUS.rglob("*")}
    assert suffixes >= LANGUAGES
    assert len(list((CORPUS / "clean").iterdir())) >= 5
