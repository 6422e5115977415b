"""Texts of the service are safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest.base.text import LINES, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é", "plain é"),
        ("red\x1b[31m", "red\\x1b[31m"),
        ("two\nlines\tand\u00a0more", "two lines and more"),
        ("right\u202eleft", "right\\u202eleft"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_control_characters_become_escapes_and_white_space_a_space(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_the_characters_of_several_lines_can_be_kept() -> None:
    assert printable("a\n\tb\r\x00", keep=LINES) == "a\n\tb \\x00"


@given(st.text())
def test_any_text_becomes_printable(text: str) -> None:
    assert printable(text).isprintable()
