"""The list of jobs, page by page. Source: operation `list_jobs` of the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qiskit_runtime_api.api import jobs as jobs_api
from qiskit_runtime_api.http_library import httpx

from ..http.calls import fetch, json_object
from ..http.error_mapping import unexpected_answer
from ..plans.plan import Plan

__all__ = ["PAGE", "JobPages", "Page", "read_page"]

PAGE = 200
"""Longest page."""

MOST_KNOWN = 2 * PAGE
"""A list that repeats this many jobs in a row has no end: as many new jobs between two requests are not plausible."""


@dataclass(frozen=True)
class Page:
    """One page: the JSON of its `jobs`, and the `count` of all that match, if known."""

    jobs: list[dict[str, Any]]
    count: int | None
    response: httpx.Response


def read_page(
    *, offset: int, limit: int = PAGE, params: bool = False, budget: float | None = None, **filters: Any
) -> Plan[Page]:
    """The page from `offset`; `filters` are those of the operation; `params`: with the submitted params.

    Raises: UnexpectedAnswer (not a list of jobs), ApiError, TransportError.
    """
    response = yield from fetch(
        jobs_api.list_jobs, budget=budget, limit=limit, offset=offset, exclude_params=not params, **filters
    )
    listed = json_object(response)
    jobs, count = listed.get("jobs"), listed.get("count")
    if not isinstance(jobs, list) or not all(map(_is_job, jobs)):
        raise unexpected_answer(response, "the answer does not hold a list of jobs")
    return Page(jobs, count if isinstance(count, int) else None, response)


class JobPages:
    """All jobs that match, each once, even if others are submitted, end, or are deleted meanwhile."""

    def __init__(
        self,
        *,
        limit: int = PAGE,
        params: bool = False,
        budget: Callable[[], float | None] = lambda: None,
        **filters: Any,
    ) -> None:
        """`budget`: returns the seconds that the next request may take; the rest as for `read_page`."""
        self.done = False
        self._query: dict[str, Any] = {"limit": limit, "params": params, **filters}
        self._budget = budget
        self._limit = limit
        self._offset, self._total = 0, 0
        self._known = 0
        self._seen: set[str] = set()

    def next(self) -> Plan[list[dict[str, Any]]]:
        """The jobs of the next page that were on no page before.

        Raises: UnexpectedAnswer (the list has no end), ApiError, TransportError.
        """
        while True:
            page = yield from read_page(offset=self._offset, budget=self._budget(), **self._query)
            left = self._total - page.count if page.count is not None else 0
            self._total -= left
            if self._offset and left > 0 and page.count != len(page.jobs):
                # Jobs were deleted, and as many moved to pages already read.
                # (A `count` equal to the page's length may count only the page.)
                self._offset = max(0, self._offset - left)
                continue
            # Jobs submitted meanwhile move known ones to the next page.
            fresh = list({job["id"]: job for job in page.jobs if job["id"] not in self._seen}.values())
            self._seen.update(job["id"] for job in fresh)
            self._offset += len(page.jobs)
            self.done = len(page.jobs) < self._limit
            self._known = 0 if fresh else self._known + len(page.jobs)
            if self._known >= MOST_KNOWN and not self.done:
                raise unexpected_answer(page.response, "the list of jobs repeats itself, whatever its `offset`")
            return fresh


def _is_job(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)
