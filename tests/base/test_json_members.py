"""Members of JSON objects are given only if they have the expected type."""

from __future__ import annotations

from typing import Any

import pytest

from qiskit_runtime_rest.base.json_members import (
    member_count,
    member_number,
    member_object,
    member_text,
    member_texts,
)

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    7,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    "",
    "text",
    [],
    {},
    ["a", "", 1],
    {"a": 1},
)


@pytest.mark.parametrize(
    ("read", "kept", "otherwise"),
    [
        (member_text, {"text": "text"}, None),
        (member_number, {"0": 0.0, "7": 7.0, "1.5": 1.5}, None),
        (member_count, {"0": 0, "7": 7, str(10**400): 10**400}, None),
        (member_object, {"{'a': 1}": {"a": 1}}, {}),
        (member_texts, {"['a', '', 1]": ["a"]}, []),
    ],
)
def test_a_value_of_another_type_counts_as_missing(read: Any, kept: dict[str, Any], otherwise: Any) -> None:
    for value in VALUES:
        assert read({"name": value}, "name") == kept.get(str(value), otherwise), value
    assert read({}, "name") == otherwise


@pytest.mark.parametrize("value", [None, [], "name", 3])
def test_a_value_that_is_not_an_object_has_no_members(value: Any) -> None:
    assert member_text(value, "name") is None
    assert member_object(value, "name") == {}
