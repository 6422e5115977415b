"""`--fix` changes no byte elsewhere: programs of the corpus, with other statements between theirs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qiskit_runtime_rest.legacy.scan.examination import Examined
from qiskit_runtime_rest.legacy.scan.files import Source

LEGACY = Path(__file__).parents[1] / "legacy"


def fixed(text: str) -> str:
    skipped: list[object] = []
    result = Examined(Source(Path("a.py"), "python", text, "utf-8"), on_skip=skipped.append).fix()
    return text if result is None else result.after


def without_comments(text: str) -> str:
    return re.sub(r"^[ \t]*# qrr: .*\n", "", text, flags=re.MULTILINE)


PROGRAMS = sorted([*(LEGACY / "scan_corpus").rglob("*.py"), *(LEGACY / "samples").glob("*.py")])
NOISE = st.lists(st.text(st.characters(blacklist_categories=("C", "Zl", "Zp")), max_size=20), min_size=1, max_size=4)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
@settings(max_examples=4)
@given(data=st.data())
def test_no_byte_elsewhere_changes(path: Path, data: st.DataObject) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    begins = [statement.lineno - 1 for statement in ast.parse(text).body]
    added = [f"noise_{place} = [ {one!r},2 ]\t# {one}\n" for place, one in enumerate(data.draw(NOISE))]
    places = [data.draw(st.sampled_from(begins[-3:])) for _ in added]
    for place, one in sorted(zip(places, added, strict=True), reverse=True):
        lines.insert(place, one)
    after = fixed("".join(lines)).splitlines(keepends=True)
    assert [one for one in after if one.startswith("noise_")] == [one for one in lines if one.startswith("noise_")]
    assert "".join(one for one in after if not one.startswith("noise_")) == fixed(text)
    assert (without_comments(fixed(text)) != text) == (path.parent.name == "whole")
