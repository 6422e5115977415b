"""Waiting for one job to end, as a plan."""

from __future__ import annotations

import threading
from typing import Any

from ..plans.clock import Clock
from ..plans.plan import Plan
from .many import Following
from .poll_interval import PollInterval
from .updates import StatusCallback
from .wait_budget import WaitBudget

__all__ = ["wait"]


def wait(
    job_id: str,
    *,
    clock: Clock,
    poll_interval: PollInterval,
    timeout: float | None = None,
    on_status: StatusCallback | None = None,
    stop: threading.Event | None = None,
) -> Plan[dict[str, Any]]:
    """Look at the job until it ends; the outcome is its last JSON, whether it completed or failed.

    Raises:
        WaitTimeout: `timeout` seconds passed; the job goes on.
        WaitStopped: `stop` was set; the job goes on.
        NotFound: there is no such job, or not any more.
        ApiError, TransportError: the service could not be asked, for long.
    """
    wait_budget = WaitBudget(clock=clock, poll_interval=poll_interval, timeout=timeout, stop=stop)
    (ended,) = yield from Following({job_id: {}}, wait_budget=wait_budget, on_status=on_status).next_ended()
    if ended.failure is not None:
        raise ended.failure
    return ended.raw
