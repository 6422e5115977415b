"""Devices as they are at this moment: who may use them, and how long their queues are."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from attrs import frozen

from .. import devices
from ..errors import BACKEND_NOT_FOUND, ServiceError
from ..jobs.job import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..devices import Device
    from ..instances.models import Instance
    from ..service import Service

__all__ = ["WaitTime", "find_device", "queue_length", "wait_time"]

_UNTRIED_JOB_SECONDS = 5.0
_MEASURED_JOBS = 50


@frozen
class WaitTime:
    """How long a job that is submitted now may wait, in whole seconds."""

    average: int
    p50: int
    p95: int


def find_device(service: Service, name: str, *, instance: Instance) -> Device:
    """Give a device that the instance may use; raises `ServiceError` 1007."""
    if name not in service.instances.backends(instance):
        raise ServiceError(BACKEND_NOT_FOUND, f"This instance has no backend {name[:100]!r}.")
    return devices.get(name)


def queue_length(service: Service, name: str) -> int:
    """How many jobs, of all instances, wait or run on the device."""
    return sum(job.backend == name for job in service.jobs.pending())


def wait_time(service: Service, name: str) -> WaitTime:
    """Estimate the wait from the jobs in the queue, each taking as long as the last ones took."""
    runs = [
        job.finished - job.started
        for job in service.jobs.accounted()
        if job.backend == name and job.finished is not None and job.started is not None
    ][-_MEASURED_JOBS:]
    ahead = sum(job.backend == name and job.status is Status.QUEUED for job in service.jobs.pending())
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
