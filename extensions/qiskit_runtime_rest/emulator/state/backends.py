"""The devices of an instance, their queues and waiting times."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from attrs import frozen

from ..errors import BACKEND_NOT_FOUND, ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..devices import Device
    from .fleet import Fleet
    from .instances import Instance, Instances
    from .jobs import Jobs

__all__ = ["WaitTime", "find_device", "queue_length", "wait_time"]

_UNTRIED_JOB_SECONDS = 5.0


@frozen
class WaitTime:
    """How long a job submitted now may wait, in whole seconds."""

    average: int
    p50: int
    p95: int


def find_device(fleet: Fleet, instances: Instances, name: str, *, instance: Instance) -> Device:
    """Return a device that the instance may use, a mock device, or a retired one; raises `ServiceError` (404)."""
    for known in instances.backends(instance):
        mock = fleet.mock(known)
        if name == known:
            return fleet[known]
        if mock is not None and name == mock.name:
            return mock
    if not instance.plan.backends and (retired := fleet.retired(name)) is not None:
        return retired
    raise ServiceError(BACKEND_NOT_FOUND)


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
