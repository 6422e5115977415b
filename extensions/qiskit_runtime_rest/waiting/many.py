"""Following any number of jobs through the list of jobs, with few requests.

A round reads the pages of jobs that are pending. Watched ones that are not there have probably ended, or were pushed
from one page to another meanwhile: a few are read one by one, many on the pages of jobs that are over. What a round's
requests do not suffice for is left to the next one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qiskit_runtime_api.api import jobs as jobs_api

from ..base.json_members import member_text
from ..base.text import printable
from ..errors import NotFound
from ..http.calls import fetch, json_object
from ..http.error_mapping import unexpected_answer
from ..plans.plan import Plan
from .filters import narrowed_to
from .pages import PAGE, Page, read_page
from .queues import Queues
from .states import status_of
from .updates import Notify, StatusCallback, StatusUpdate
from .wait_budget import WaitBudget
from .watched import EndedJob, Watched

__all__ = ["Following"]

log = logging.getLogger("qiskit_runtime_rest.waiting")

FEWEST_REQUESTS = 6
"""Requests that a round may always send; more than a thousand jobs get one more for each page they fill."""

QUEUED = "Queued"


@dataclass
class _Scan:
    """A way through the pages of pending jobs, which may take several rounds. `seen`: the watched ones among them."""

    filters: dict[str, Any]
    offset: int = 0
    seen: set[str] = field(default_factory=set)
    queued: Counter[str | None] = field(default_factory=Counter)


class Following:
    """Looks at jobs until each has ended; `next_ended` gives them as they do."""

    def __init__(
        self,
        jobs: Mapping[str, Mapping[str, Any]],
        *,
        wait_budget: WaitBudget,
        on_status: StatusCallback | None = None,
    ) -> None:
        """Nothing is sent yet. `jobs`: the JSON of each, as far as it is known, by its id."""
        self.wait_budget = wait_budget
        self._clock = wait_budget.clock
        now = self._clock.monotonic()
        self._watched = {job_id: Watched.from_raw(job_id, raw, now=now) for job_id, raw in jobs.items()}
        self._all = len(self._watched)
        self._on_status = on_status
        self._queues = Queues(self._clock)
        self._scan: _Scan | None = None
        self._unclear: dict[str, None] = {}
        self._requests = 0
        self._strange: set[str] = set()

    @property
    def left(self) -> int:
        """How many jobs are still waited for."""
        return len(self._watched)

    def next_ended(self) -> Plan[list[EndedJob]]:
        """Wait until some of the jobs that are left have ended; these, in the order given.

        Raises:
            WaitTimeout, WaitStopped: the jobs that are left go on.
            ApiError, TransportError: the service could not be asked, for long.
        """
        while True:
            if not any(job.is_over for job in self._watched.values()):
                yield from self.wait_budget.pause(changed=self._changed(), left=self._what_is_left())
                with self.wait_budget.look(self._what()):
                    yield from self._look()
            yield from self._tell()
            over = [job for job in self._watched.values() if job.is_over]
            for job in over:
                del self._watched[job.job_id]
            if over:
                return [job.ended for job in over]

    def _look(self) -> Plan[None]:
        self._requests = max(FEWEST_REQUESTS, -(-self.left // PAGE) + 1)
        if self._on_status is not None and not self._queues.are_fresh:
            self._requests -= 1
        if self.left == 1:
            yield from self._read(next(iter(self._watched)))
            return
        try:
            yield from self._scan_pending()
            yield from self._clear_up()
        except BaseException:
            # What was seen on some of the pages says nothing about the others by the time of the next look.
            self._scan = None
            raise

    def _scan_pending(self) -> Plan[None]:
        """Go through the pages of pending jobs, the oldest first, as far as the requests reach."""
        if self._scan is None:
            filters = narrowed_to(list(self._watched.values()))
            self._scan = _Scan({**filters, "pending": True, "sort": "ASC"})
        scan = self._scan
        for_the_unclear = 1 if self._unclear else 0
        while self._requests > for_the_unclear:
            page = yield from self._page(scan.filters, scan.offset)
            for raw in page.jobs:
                if self._see(raw):
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
                unseen.sort(key=lambda job: job.looked_at)
                self._unclear = {job.job_id: None for job in unseen}
                return

    def _clear_up(self) -> Plan[None]:
        """See what became of the jobs that are not pending any more, in the cheaper way, as far as requests reach."""
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
            filters = filters or narrowed_to([self._watched[job_id] for job_id in self._unclear])
            page = yield from self._page({**filters, "pending": False}, offset)
            found = [raw["id"] for raw in page.jobs if self._see(raw) and raw["id"] in self._unclear]
            for job_id in found:
                self._unclear.pop(job_id, None)
            offset += len(page.jobs)
            further = 1 if page.count is None else -(-(page.count - offset) // PAGE)
            pages = 0 if not found or _is_last(page, offset) else max(1, further)
        self._unclear.update(dict.fromkeys(still_unclear))

    def _page(self, filters: Mapping[str, Any], offset: int) -> Plan[Page]:
        self._requests -= 1
        page = yield from read_page(offset=offset, budget=self.wait_budget.left, **filters)
        self.wait_budget.answered(page.response)
        return page

    def _read(self, job_id: str) -> Plan[bool]:
        """Look at one job by itself; whether the service knows it."""
        self._requests -= 1
        try:
            response = yield from fetch(jobs_api.get_job, budget=self.wait_budget.left, id=job_id, exclude_params=True)
        except NotFound as failure:
            self._watched[job_id].miss(failure, now=self._clock.monotonic())
            if not self._watched[job_id].is_over:
                self.wait_budget.bear(failure, f"job {job_id}")
            return False
        raw = json_object(response)
        if status_of(raw) is None:
            raise unexpected_answer(response, "the answer does not tell the job's status")
        self._see({**raw, "id": job_id})
        self.wait_budget.answered(response)
        return True

    def _see(self, raw: dict[str, Any]) -> bool:
        """Take in the JSON of a job; whether it is waited for, and told the status of."""
        job = self._watched.get(raw["id"])
        if job is None or status_of(raw) is None:
            return False
        job.see(raw, now=self._clock.monotonic())
        snapshot = job.snapshot
        if snapshot is not None and not snapshot.is_known and snapshot.status not in self._strange:
            self._strange.add(snapshot.status)
            told = printable(f"job {job.job_id} has a status this version does not know: {snapshot.status}")
            log.warning("%s; waiting on", told)
        return True

    def _tell(self) -> Plan[None]:
        """Tell the caller each new status."""
        if self._on_status is None:
            return
        news = [job for job in self._watched.values() if job.snapshot is not None and job.status != job.told]
        queues = (yield from self._queues.look()) if any(job.status == QUEUED for job in news) else {}
        for job in news:
            assert job.snapshot is not None
            job.told = job.status
            update = StatusUpdate.of(
                job.snapshot,
                waited=self.wait_budget.waited,
                position=job.position,
                queue=queues.get(str(job.raw.get("backend"))) if job.status == QUEUED else None,
            )
            yield Notify(self._on_status, update)

    def _changed(self) -> float:
        """When half of the jobs had come into their status: one that moves does not make all be looked at often."""
        moments = sorted(job.changed for job in self._watched.values())
        return moments[len(moments) // 2]

    def _what(self) -> str:
        first = next(iter(self._watched))
        return f"job {first}" if self.left == 1 else f"{self.left} jobs"

    def _what_is_left(self) -> dict[str, Any]:
        first = next(iter(self._watched.values()))
        return {"job_id": first.job_id, "status": first.status, "job_ids": tuple(self._watched)}


def _is_last(page: Page, end: int) -> bool:
    """Whether nothing comes after `page`, which ends at `end`."""
    # A count of as many as the page holds could be that of the page.
    counted = page.count is not None and page.count <= end and page.count != len(page.jobs)
    return len(page.jobs) < PAGE or counted
