"""Which job has a tag: how a job is found whose answer was lost. Source: operation `list_jobs` of the contract."""

from __future__ import annotations

import logging
from typing import Any

from qiskit_runtime_api.api import jobs as jobs_api

from ..base.json_members import member_text, member_texts
from ..errors import ClientClosed, RateLimited, ServerError, TransportError, UnexpectedAnswer
from ..http.calls import fetch, json_object
from ..http.error_mapping import unexpected_answer
from ..plans.clock import Clock
from ..plans.effects import Sleep
from ..plans.plan import Plan

__all__ = ["find_by_tag", "look_up"]

log = logging.getLogger("qiskit_runtime_rest.submission")

PASSING = (TransportError, RateLimited, ServerError, UnexpectedAnswer)


def find_by_tag(tag: str, *, budget: float | None = None) -> Plan[dict[str, Any] | None]:
    """The JSON of the newest job that carries `tag`, or None. `budget`: seconds for this look and its retries.

    Raises: UnexpectedAnswer (what came is no list of jobs), ApiError, TransportError.
    """
    response = yield from fetch(jobs_api.list_jobs, budget=budget, tags=[tag], limit=2, offset=0, exclude_params=True)
    listed = json_object(response).get("jobs")
    if not isinstance(listed, list):
        raise unexpected_answer(response, "the answer holds no list of jobs")
    # A service that ignores the filter must not make us take somebody else's job.
    return next((job for job in listed if _carries(job, tag)), None)


def look_up(tag: str, *, settle: float, first: float, longest: float, clock: Clock) -> Plan[dict[str, Any] | None]:
    """Look for the job with `tag`, with back-off; None: a look that `settle` seconds had passed before found none.

    Args:
        settle: seconds that the job may take to appear. For as long again the service may fail to say.
        first, longest: bounds of the back-off between two looks, in seconds.

    Raises: ApiError, TransportError, ContractViolation: nobody can say whether there is one.
    """
    began, pause = clock.monotonic(), first
    while True:
        waited = clock.monotonic() - began
        try:
            found = yield from find_by_tag(tag, budget=max(settle - waited, longest))
        except PASSING as failure:
            if waited >= 2 * settle or isinstance(failure, ClientClosed):
                raise
            log.warning("looking for the job with tag %s goes on after: %s", tag, failure)
        else:
            if found is not None or waited >= settle:
                return found
        now = clock.monotonic() - began
        yield Sleep(min(pause, settle - now) if now < settle else pause)
        pause = min(2 * pause, longest)


def _carries(job: Any, tag: str) -> bool:
    return tag in member_texts(job, "tags") and member_text(job, "id") is not None
