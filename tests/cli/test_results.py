from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from qiskit_runtime_rest.cli.results import bar, histogram, result_document, result_view
from qiskit_runtime_rest.results import decode

SAMPLED: dict[str, Any] = {
    "results": [{"data": {"c": {"samples": ["0x0", "0x3", "0x3"], "num_bits": 2}}, "metadata": {}}],
    "metadata": {},
}
ESTIMATED: dict[str, Any] = {
    "results": [{"data": {"evs": [[0.5], [-1.0]], "stds": [[0.1], [0.2]]}, "metadata": {}}],
    "metadata": {},
}


def shown(document: object, *, program: str) -> list[list[str]]:
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        for part in result_view(decode(json.dumps(document).encode(), program_id=program), console=console):
            console.print(part)
    return [line.split() for line in capture.get().splitlines()]


def test_a_sampler_result_is_a_histogram_and_json_with_counts() -> None:
    assert [(line[0], line[-3]) for line in shown(SAMPLED, program="sampler")] == [("00", "1"), ("11", "2")]
    document = result_document(decode(json.dumps(SAMPLED).encode(), program_id="sampler"))
    assert document["results"][0]["counts"] == {"00": 1, "11": 2}


def test_an_estimator_result_is_a_table_with_the_index_of_each_value() -> None:
    head, *rows = shown(ESTIMATED, program="estimator")
    assert head == ["index", "expectation", "value", "±"]
    assert rows == [["0,", "0", "+0.5000", "0.1000"], ["1,", "0", "-1.0000", "0.2000"]]


def test_several_pubs_are_numbered() -> None:
    two = {**SAMPLED, "results": SAMPLED["results"] * 2}
    assert [line[:3] for line in shown(two, program="sampler") if "of" in line] == [
        ["1", "of", "2:"],
        ["2", "of", "2:"],
    ]


def test_other_results_are_text() -> None:
    assert shown("plain text", program="mine") == [["plain", "text"]]


def drawn(counts: Mapping[str, float], *, width: int = 60, **options: object) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(histogram(counts, width=width, **options))  # type: ignore[arg-type]
    return [line.rstrip() for line in capture.get().splitlines()]


def test_outcomes_are_in_order_with_count_and_share() -> None:
    lines = drawn({"11": 250, "00": 750})
    assert [line.split()[0] for line in lines] == ["00", "11"]
    assert lines[0].endswith("750  75.0 %")
    assert lines[1].endswith("250  25.0 %")


def test_bars_are_as_long_as_the_counts_are_large() -> None:
    lines = drawn({"0": 100, "1": 50, "2": 0}, ascii_only=True)
    full, half, none = (line.count("#") for line in lines)
    assert full > 20
    assert abs(full - 2 * half) <= 1
    assert none == 0


@pytest.mark.parametrize("width", [24, 40, 60, 200])
def test_a_picture_keeps_to_the_width_it_may_take(width: int) -> None:
    assert max(map(len, drawn({"00": 512, "11": 512}, width=width))) <= width


def test_rare_outcomes_are_added_up_in_one_line() -> None:
    counts = {format(n, "05b"): n + 1 for n in range(32)}
    lines = drawn(counts, most=4)
    assert [line.split()[0] for line in lines] == ["11100", "11101", "11110", "11111", "others"]
    assert "28 outcomes" in lines[-1]
    assert str(sum(range(1, 29))) in lines[-1]


def test_quasi_probabilities_may_be_negative_and_nothing_may_have_been_counted() -> None:
    lines = drawn({"0": 1.02, "1": -0.02}, ascii_only=True)
    assert "#" not in lines[1]
    assert "-0.02" in lines[1]
    assert drawn({}) == []
    assert drawn({"0": 0}) == ["0" + " " * (len(drawn({"0": 0})[0]) - 2) + "0"]


def test_a_bar_has_eighths_of_a_character() -> None:
    assert bar(1.0, length=3) == "███"
    assert bar(0.5, length=1) == "▌"
    assert bar(0.0, length=3) == ""
    assert bar(7.0, length=3) == "███"
    assert bar(0.5, length=4, ascii_only=True) == "##"
