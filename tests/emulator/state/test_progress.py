from __future__ import annotations

import math
from typing import Any

import pytest

from qiskit_runtime_rest.emulator.state.progress import Progress, Step


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("immediate", Step()),
        ("hold", Step(seconds=math.inf)),
        ("reads:3", Step(reads=3)),
        ("seconds:2.5", Step(seconds=2.5)),
    ],
)
def test_a_step_is_read_from_its_text_form_and_written_as_it(text: str, step: Step) -> None:
    assert Step.parse(f" {text} ") == step
    assert str(step) == text


@pytest.mark.parametrize(
    "text", ["", "quickly", "reads", "reads:-1", "reads:2.5", "seconds:-1", "seconds:inf", "seconds:nan", "hold:1"]
)
def test_another_text_is_refused_with_the_list_of_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a pace\. Use 'immediate', 'reads:N', 'seconds:S' or 'hold'"):
        Step.parse(text)


@pytest.mark.parametrize(
    ("text", "reads", "now", "passed_at"),
    [
        ("immediate", 0, 100.0, 100.0),
        ("seconds:10", 0, 109.9, None),
        ("seconds:10", 0, 115.0, 110.0),
        ("reads:2", 1, 500.0, None),
        ("reads:2", 2, 500.0, 100.0),
        ("hold", 99, 1e12, None),
    ],
)
def test_a_step_is_passed_after_its_reads_and_seconds(
    text: str, reads: int, now: float, passed_at: float | None
) -> None:
    assert Step.parse(text).passed_at(since=100.0, reads=reads, now=now) == passed_at


@pytest.mark.parametrize(
    ("value", "queued", "running"),
    [
        ("seconds:5", "seconds:5", "seconds:5"),
        ({"running": "hold"}, "immediate", "hold"),
        (Progress(queued=Step(reads=1)), "reads:1", "immediate"),
    ],
)
def test_progress_has_a_step_for_each_state(value: Any, queued: str, running: str) -> None:
    assert Progress.parse(value).as_json() == {"queued": queued, "running": running}


@pytest.mark.parametrize("value", [{}, {"dreaming": "hold"}, 5, None, ["hold"]])
def test_other_values_are_not_progress(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a pace"):
        Progress.parse(value)
