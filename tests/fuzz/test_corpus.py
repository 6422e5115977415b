"""What fuzzing found, and some changes of valid inputs: `make fuzz` tries millions, this the kept ones."""

from __future__ import annotations

import random

import pytest

from tools.fuzz.__main__ import changed, inputs, time_limit
from tools.fuzz.targets import TARGETS

FILES = {"journals", "states", "differences", "scanner"}
"""Targets whose inputs take milliseconds, not microseconds."""


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_is_read_or_refused_with_an_error_of_the_package(name: str) -> None:
    chance, known = random.Random(name), inputs(name)
    spoilt = [changed(chance.choice(known), known, chance) for _ in range(5 if name in FILES else 50)]
    for data in [*known, *spoilt]:
        with time_limit():
            TARGETS[name].feed(data)
