"""Old official SDKs, unmodified, log in and work through the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .sdks import SDKS, Sdk

CASES = [pytest.param(sdk, step, id=f"{sdk.name}-{step}") for sdk in SDKS for step in sdk.steps]


@pytest.mark.parametrize(("sdk", "step"), CASES)
def test_a_step_of_its_program_works(
    sdk: Sdk, step: str, outcomes: dict[str, dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    record_property("sdk", sdk.name)
    record_property("step", step)
    assert outcomes.get(step) == {"value": sdk.steps[step]}
