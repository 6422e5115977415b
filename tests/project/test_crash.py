"""A few of the kills of `make crash`."""

from __future__ import annotations

import os

import pytest

from tools.crash import crash


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it needs forks")
def test_a_request_becomes_one_job_wherever_its_process_is_killed() -> None:
    """Also in the threads that send it: without these, the program has but a hundred lines."""
    counts = crash(1, every=130)
    assert counts["killed"] >= 4
    assert (counts["lost"], counts["doubled"]) == (0, 0)
