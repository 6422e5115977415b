from __future__ import annotations

import base64
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest.emulator.state.workloads import Position, Workload, cursor, page, parse_cursor

POSITIONS = st.tuples(st.floats(0, 1e9), st.text("ab", min_size=1, max_size=3))


def workload(position: Position) -> Workload:
    created, identifier = position
    return Workload(
        id=identifier,
        created=created,
        ended=None,
        backend="b",
        instance="crn",
        user_id="u",
        accepting_jobs=None,
        mode="job",
        status="pending",
        status_reason=None,
        tags=(),
        usage_seconds=0.0,
    )


@given(st.lists(POSITIONS, unique=True, max_size=12), st.integers(1, 5), st.booleans())
def test_pages_lead_to_the_end_and_back(positions: list[Position], limit: int, descending: bool) -> None:
    workloads = [workload(position) for position in positions]
    part = page(workloads, limit=limit, descending=descending, after=None, before=None)
    assert part.previous is None
    pages = [part]
    while part.next is not None:
        part = page(workloads, limit=limit, descending=descending, after=part.next, before=None)
        pages.append(part)
    listed = [one.position for part in pages for one in part.workloads]
    assert listed == sorted(positions, reverse=descending)
    for earlier, later in pairwise(pages):
        back = page(workloads, limit=limit, descending=descending, after=None, before=later.previous)
        assert back.workloads == earlier.workloads


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
