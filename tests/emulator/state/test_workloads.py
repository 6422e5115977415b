from __future__ import annotations

import base64
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest.emulator.state.workloads import Position, cursor, page, parse_cursor

POSITIONS = st.tuples(st.floats(0, 1e9), st.text("ab", min_size=1, max_size=3))


@given(st.lists(POSITIONS, unique=True, max_size=12), st.integers(1, 5), st.booleans(), st.integers(1, 3))
def test_pages_lead_to_the_end_and_back(
    positions: list[Position], limit: int, descending: bool, lists_in_all: int
) -> None:
    lists = [sorted(positions[first::lists_in_all]) for first in range(lists_in_all)]
    part = page(lists, limit=limit, descending=descending, after=None, before=None)
    assert part.previous is None
    pages = [part]
    while part.next is not None and len(pages) <= len(positions):
        part = page(lists, limit=limit, descending=descending, after=part.next, before=None)
        pages.append(part)
    assert {part.total for part in pages} == {len(positions)}
    assert [one for part in pages for one in part.positions] == sorted(positions, reverse=descending)
    for earlier, later in pairwise(pages):
        assert page(lists, limit=limit, descending=descending, after=None, before=later.previous) == earlier


@given(POSITIONS)
def test_a_cursor_holds_its_position(position: Position) -> None:
    assert parse_cursor(cursor(position)) == position


@pytest.mark.parametrize("text", ["nonsense", "é", *(base64.b64encode(raw).decode() for raw in (b"[]", b"3", b"[1,"))])
def test_another_text_is_not_a_cursor(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        parse_cursor(text)


@pytest.mark.parametrize("text", ["", None])
def test_no_text_is_no_cursor(text: str | None) -> None:
    assert parse_cursor(text) is None
