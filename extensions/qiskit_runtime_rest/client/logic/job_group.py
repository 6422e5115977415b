"""Jobs that are waited for together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic

from ...plans.effects import Together, stopped_by
from ...plans.plan import Plan
from ...waiting import Following, StatusCallback, WaitBudget
from .submit import J

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["JobGroup"]


class JobGroup(Generic[J]):
    """Returns handles as their jobs end. Several handles may belong to the same job."""

    def __init__(self, jobs: Sequence[J], *, budget: WaitBudget, on_status: StatusCallback | None = None) -> None:
        """Nothing is sent yet."""
        self._budget: WaitBudget = budget
        self._handles: dict[str, list[J]] = {}
        for job in jobs:
            same = self._handles.setdefault(job.id, [])
            if not any(job is other for other in same):
                same.append(job)
        known = {job_id: same[0].raw for job_id, same in self._handles.items()}
        self._following = Following(known, wait_budget=budget, on_status=on_status)

    @property
    def left(self) -> int:
        """Number of jobs that have not ended."""
        return self._following.left

    def next_ended(self) -> Plan[list[J]]:
        """Wait until some jobs have ended; one handle of each. Raises: as `Following.next_ended`."""
        ended = yield from self._following.next_ended()
        for end in ended:
            for job in self._handles[end.job_id]:
                job._take_end(end)
        return [self._handles[end.job_id][0] for end in ended]

    def collect(self, jobs: Sequence[J], *, at_once: int, executor: Executor | None) -> Plan[None]:
        """Read the results of `jobs`, `at_once` at a time, each only once."""
        with stopped_by(self._budget.stop):
            yield Together([job._collect(self._budget, executor) for job in jobs], at_once)
        for job in jobs:
            for other in self.all_of(job)[1:]:
                other._take_result(job)

    def all_of(self, job: J) -> list[J]:
        """All handles of the same job."""
        return self._handles[job.id]
