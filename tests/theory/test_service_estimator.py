"""The estimator of the embedded service says how uncertain its values are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ..emulator.programs.test_estimator import GOOD, text, values, wide


def test_the_standard_errors_are_those_of_repeated_jobs(completed: Any) -> None:
    pub = [text(*GOOD), {wide("ZZ"): 1.0, wide("ZI"): 1.0, wide("XX"): 0.5}, None, 0.1]
    runs = [values(completed("estimator", {"pubs": [pub]}, seed=seed)) for seed in range(40)]
    spread = np.std([run["evs"] for run in runs])
    assert spread == pytest.approx(np.mean([run["stds"] for run in runs]), rel=0.4)
