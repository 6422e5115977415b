"""The queues of devices, and how long jobs wait in them."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .fleet import Fleet
    from .jobs import Jobs

__all__ = ["WaitTime", "queue_length", "wait_time"]

_UNTRIED_JOB_SECONDS = 5.0


@frozen
class WaitTime:
    """How long a job submitted now may wait, in whole seconds."""

    average: int
    p50: int
    p95: int


def queue_length(fleet: Fleet, jobs: Jobs, name: str) -> int:
    """The number of pending jobs, of all instances and of those that a test lets others have, on the device."""
    return fleet.condition(name).queue_length + jobs.pending.by_backend[name]


def wait_time(jobs: Jobs, name: str) -> WaitTime:
    """Estimate the wait: each queued job takes as long as the last jobs took."""
    runs = jobs.index.runs(name)
    ahead = jobs.pending.queued(name)
    return WaitTime(
        average=round(ahead * _average(runs)),
        p50=round(ahead * _quantile(runs, 50)),
        p95=round(ahead * _quantile(runs, 95)),
    )


def _average(runs: Sequence[float]) -> float:
    return statistics.fmean(runs) if runs else _UNTRIED_JOB_SECONDS


def _quantile(runs: Sequence[float], percent: int) -> float:
    if len(runs) < 2:
        return runs[0] if runs else _UNTRIED_JOB_SECONDS
    return statistics.quantiles(runs, n=100, method="inclusive")[percent - 1]
