"""Follow any number of jobs to their ends, with few requests.

One job is read by itself. For several, a check reads the pages of pending jobs. Watched jobs that are not there have
probably ended, or moved from one page to another meanwhile: a few are read one by one, many on the pages of jobs that
have ended. A check has a limited number of requests; the next one continues.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qiskit_runtime_api.api import jobs as jobs_api

from ..base.json_members import member_object, member_text, member_texts
from ..base.text import printable
from ..errors import NotFound
from ..http.calls import fetch, json_object
from ..http.error_mapping import unexpected_answer
from ..plans.clock import Clock
from ..plans.plan import Plan
from .job_states import EndedJob, WatchedJob, status_of
from .pages import PAGE, Page, read_page
from .updates import Notify, Queues, StatusCallback, StatusUpdate
from .wait_budget import PollInterval, WaitBudget

__all__ = ["Following", "narrow_filters", "wait"]

log = logging.getLogger("qiskit_runtime_rest.waiting")

FEWEST_REQUESTS = 6
"""Requests that a check may always send; more than a thousand jobs get one more for each page they fill."""

QUEUED = "Queued"

SHARED: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    "session_id": lambda raw: member_text(raw, "session_id"),
    "backend": lambda raw: member_text(raw, "backend"),
    "program": lambda raw: member_text(member_object(raw, "program"), "id"),
}
"""Filters of `list_jobs`, each used when all jobs have the same value."""


def wait(
    job_id: str,
    *,
    clock: Clock,
    poll_interval: PollInterval,
    timeout: float | None = None,
    on_status: StatusCallback | None = None,
    stop: threading.Event | None = None,
) -> Plan[dict[str, Any]]:
    """Wait until the job ends; the outcome is its last JSON, whether it completed or failed.

    Raises:
        WaitTimeout: `timeout` seconds passed; the job goes on.
        WaitStopped: `stop` was set; the job goes on.
        NotFound: the job does not exist, or was deleted.
        ApiError, TransportError: there was no usable response for too long.
    """
    wait_budget = WaitBudget(clock=clock, poll_interval=poll_interval, timeout=timeout, stop=stop)
    (ended,) = yield from Following({job_id: {}}, wait_budget=wait_budget, on_status=on_status).next_ended()
    if ended.failure is not None:
        raise ended.failure
    return ended.raw


@dataclass
class _Scan:
    """Progress through the pages of pending jobs, which may take several checks. `seen`: watched jobs on them."""

    filters: dict[str, Any]
    offset: int = 0
    seen: set[str] = field(default_factory=set)
    queued: Counter[str | None] = field(default_factory=Counter)


class Following:
    """Checks jobs until each has ended; `next_ended` returns them as they do."""

    def __init__(
        self,
        jobs: Mapping[str, Mapping[str, Any]],
        *,
        wait_budget: WaitBudget,
        on_status: StatusCallback | None = None,
    ) -> None:
        """Nothing is sent yet. `jobs`: by id, the JSON of each as far as it is known."""
        self.wait_budget = wait_budget
        self._clock = wait_budget.clock
        now = self._clock.monotonic()
        self._watched = {job_id: WatchedJob.from_raw(job_id, raw, now=now) for job_id, raw in jobs.items()}
        self._all = len(self._watched)
        self._on_status = on_status
        self._queues = Queues(self._clock)
        self._scan: _Scan | None = None
        self._unclear: dict[str, None] = {}
        self._requests = 0
        self._unknown_statuses: set[str] = set()

    @property
    def left(self) -> int:
        """How many jobs have not ended yet."""
        return len(self._watched)

    def next_ended(self) -> Plan[list[EndedJob]]:
        """Wait until some of the remaining jobs have ended; returns these, in the order given.

        Raises:
            WaitTimeout, WaitStopped: the remaining jobs go on.
            ApiError, TransportError: there was no usable response for too long.
        """
        while True:
            if not any(job.is_over for job in self._watched.values()):
                yield from self.wait_budget.pause(changed=self._changed(), left=self._remaining())
                with self.wait_budget.check(self._what()):
                    yield from self._check()
            yield from self._notify()
            over = [job for job in self._watched.values() if job.is_over]
            for job in over:
                del self._watched[job.job_id]
            if over:
                return [job.ended for job in over]

    def _check(self) -> Plan[None]:
        self._requests = max(FEWEST_REQUESTS, -(-self.left // PAGE) + 1)
        if self._on_status is not None and not self._queues.are_fresh:
            self._requests -= 1
        if self.left == 1:
            yield from self._read(next(iter(self._watched)))
            return
        try:
            yield from self._scan_pending()
            yield from self._read_unclear()
        except BaseException:
            # By the next check, jobs may have moved between the pages that were read and the others.
            self._scan = None
            raise

    def _scan_pending(self) -> Plan[None]:
        """Read the pages of pending jobs, the oldest first, while there are requests left."""
        if self._scan is None:
            filters = narrow_filters(list(self._watched.values()))
            self._scan = _Scan({**filters, "pending": True, "sort": "ASC"})
        scan = self._scan
        reserved = 1 if self._unclear else 0
        while self._requests > reserved:
            page = yield from self._page(scan.filters, scan.offset)
            for raw in page.jobs:
                if self._update(raw):
                    scan.seen.add(raw["id"])
                    self._unclear.pop(raw["id"], None)
                if raw.get("status") == QUEUED:
                    backend = member_text(raw, "backend")
                    scan.queued[backend] += 1
                    if raw["id"] in self._watched:
                        self._watched[raw["id"]].position = scan.queued[backend]
            scan.offset += len(page.jobs)
            unseen = [job for job in self._watched.values() if job.job_id not in scan.seen]
            if not unseen or _is_last(page, scan.offset):
                self._scan = None
                unseen.sort(key=lambda job: job.checked_at)
                self._unclear = {job.job_id: None for job in unseen}
                return

    def _read_unclear(self) -> Plan[None]:
        """Read the jobs that are not pending any more, one by one or on pages, whichever takes fewer requests."""
        filters: dict[str, Any] = {}
        offset = 0
        pages = -(-(self._all - self.left + len(self._unclear)) // PAGE)
        still_unclear: list[str] = []
        while self._unclear and self._requests > 0:
            if len(self._unclear) <= pages or not pages:
                job_id = next(iter(self._unclear))
                del self._unclear[job_id]
                if not (yield from self._read(job_id)) and not self._watched[job_id].is_over:
                    still_unclear.append(job_id)
                continue
            filters = filters or narrow_filters([self._watched[job_id] for job_id in self._unclear])
            page = yield from self._page({**filters, "pending": False}, offset)
            found = [raw["id"] for raw in page.jobs if self._update(raw) and raw["id"] in self._unclear]
            for job_id in found:
                self._unclear.pop(job_id, None)
            offset += len(page.jobs)
            further = 1 if page.count is None else -(-(page.count - offset) // PAGE)
            pages = 0 if not found or _is_last(page, offset) else max(1, further)
        self._unclear.update(dict.fromkeys(still_unclear))

    def _page(self, filters: Mapping[str, Any], offset: int) -> Plan[Page]:
        self._requests -= 1
        page = yield from read_page(offset=offset, budget=self.wait_budget.left, **filters)
        self.wait_budget.record_response(page.response)
        return page

    def _read(self, job_id: str) -> Plan[bool]:
        """Read one job by itself; returns whether the service knows it."""
        self._requests -= 1
        try:
            response = yield from fetch(jobs_api.get_job, budget=self.wait_budget.left, id=job_id, exclude_params=True)
        except NotFound as failure:
            self._watched[job_id].record_missing(failure, now=self._clock.monotonic())
            if not self._watched[job_id].is_over:
                self.wait_budget.record_failure(failure, f"job {job_id}")
            return False
        raw = json_object(response)
        if status_of(raw) is None:
            raise unexpected_answer(response, "the answer does not hold the job's status")
        self._update({**raw, "id": job_id})
        self.wait_budget.record_response(response)
        return True

    def _update(self, raw: dict[str, Any]) -> bool:
        """Take the JSON of a job; returns whether the job is watched, and the JSON holds its status."""
        job = self._watched.get(raw["id"])
        if job is None or status_of(raw) is None:
            return False
        job.update(raw, now=self._clock.monotonic())
        snapshot = job.snapshot
        if snapshot is not None and not snapshot.is_known and snapshot.status not in self._unknown_statuses:
            self._unknown_statuses.add(snapshot.status)
            message = printable(f"job {job.job_id} has a status this version does not know: {snapshot.status}")
            log.warning("%s; the wait goes on", message)
        return True

    def _notify(self) -> Plan[None]:
        """Notify the caller of each new status."""
        if self._on_status is None:
            return
        news = [job for job in self._watched.values() if job.snapshot is not None and job.status != job.notified]
        queues = (yield from self._queues.read()) if any(job.status == QUEUED for job in news) else {}
        for job in news:
            assert job.snapshot is not None
            job.notified = job.status
            update = StatusUpdate.of(
                job.snapshot,
                waited=self.wait_budget.waited,
                position=job.position,
                queue=queues.get(str(job.raw.get("backend"))) if job.status == QUEUED else None,
            )
            yield Notify(self._on_status, update)

    def _changed(self) -> float:
        """The median of the last changes: one job that changes does not make the checks of all more frequent."""
        moments = sorted(job.changed for job in self._watched.values())
        return moments[len(moments) // 2]

    def _what(self) -> str:
        first = next(iter(self._watched))
        return f"job {first}" if self.left == 1 else f"{self.left} jobs"

    def _remaining(self) -> dict[str, Any]:
        first = next(iter(self._watched.values()))
        return {"job_id": first.job_id, "status": first.status, "job_ids": tuple(self._watched)}


def narrow_filters(jobs: Sequence[WatchedJob]) -> dict[str, Any]:
    """The narrowest filters of `list_jobs` that all `jobs` (one or more) are known to pass."""
    filters: dict[str, Any] = {}
    for name, of in SHARED.items():
        values = {of(job.raw) for job in jobs}
        if len(values) == 1 and (value := values.pop()):
            filters[name] = value
    if shared := set.intersection(*(set(member_texts(job.raw, "tags")) for job in jobs)):
        filters["tags"] = sorted(shared)
    firsts, lasts = zip(*(job.created_between() for job in jobs), strict=True)
    if None not in firsts:
        filters["created_after"] = min(firsts)
    if None not in lasts:
        filters["created_before"] = max(lasts)
    return filters


def _is_last(page: Page, end: int) -> bool:
    """Whether `page`, which ends at `end`, is the last one."""
    # A count equal to the length of the page may count only the page.
    counted = page.count is not None and page.count <= end and page.count != len(page.jobs)
    return len(page.jobs) < PAGE or counted
