from __future__ import annotations

import pytest

from qiskit_runtime_rest.emulator.errors import ServiceError
from qiskit_runtime_rest.emulator.state.clock import Clock
from qiskit_runtime_rest.emulator.state.submission_limits import SubmissionLimits


def refusal(limits: SubmissionLimits, *, user_id: str = "u", pending: int = 0) -> tuple[int, str | None] | None:
    try:
        limits.check(user_id=user_id, pending=pending)
    except ServiceError as error:
        return error.kind.code, error.headers.get("Retry-After")
    return None


def test_a_user_may_submit_five_jobs_in_any_minute(clock: Clock) -> None:
    limits = SubmissionLimits(clock=clock, per_minute=5, pending_jobs=None)
    for _ in range(5):
        assert refusal(limits) is None
        limits.count(user_id="u")
        clock.advance(1)
    assert refusal(limits) == (1202, "55")
    assert refusal(limits, user_id="another") is None
    clock.advance(54.5)
    assert refusal(limits) == (1202, "1")
    clock.advance(0.5)
    assert refusal(limits) is None
    limits.count(user_id="u")
    assert refusal(limits) == (1202, "1")
    limits.reset()
    assert refusal(limits) is None


def test_a_check_does_not_count(clock: Clock) -> None:
    limits = SubmissionLimits(clock=clock, per_minute=1, pending_jobs=None)
    assert [refusal(limits) for _ in range(3)] == [None, None, None]


@pytest.mark.parametrize(("pending", "expected"), [(6, None), (7, (3458, None)), (8, (3458, None))])
def test_pending_jobs_have_a_limit(clock: Clock, pending: int, expected: tuple[int, None] | None) -> None:
    limits = SubmissionLimits(clock=clock, per_minute=None, pending_jobs=7)
    assert refusal(limits, pending=pending) == expected


def test_without_limits_everything_is_accepted(clock: Clock) -> None:
    limits = SubmissionLimits(clock=clock, per_minute=None, pending_jobs=None)
    for _ in range(100):
        limits.count(user_id="u")
    assert refusal(limits, pending=10**6) is None
