"""Texts of the service are safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest.base.text import LINES, excerpt, printable


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


class Lines:
    def __repr__(self) -> str:
        return "a\nb"


class Broken:
    def __repr__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb", r"'a\nb'"),
        (1.5, "1.5"),
        ([None], "[None]"),
        ("x" * 59, f"'{'x' * 56}..."),
        ("x" * 58, f"'{'x' * 58}'"),
        (object(), "<object>"),
        ([object()], "<list>"),
        (Lines(), "<Lines>"),
        (Broken(), "<Broken>"),
    ],
)
def test_a_wrong_value_in_a_message(value: object, shown: str) -> None:
    assert excerpt(value) == shown
