"""Find the job with a tag, when the response to its submission was lost. Source: operation `list_jobs`."""

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

TRANSIENT = (TransportError, RateLimited, ServerError, UnexpectedAnswer)


def find_by_tag(tag: str, *, budget: float | None = None) -> Plan[dict[str, Any] | None]:
    """The JSON of the newest job with `tag`, or None. `budget`: seconds for the request and its retries.

    Raises: UnexpectedAnswer (not a list of jobs), ApiError, TransportError.
    """
    response = yield from fetch(jobs_api.list_jobs, budget=budget, tags=[tag], limit=2, offset=0, exclude_params=True)
    listed = json_object(response).get("jobs")
    if not isinstance(listed, list):
        raise unexpected_answer(response, "the answer does not hold a list of jobs")
    # If the service ignored the filter, the first job listed would be another one.
    return next((job for job in listed if _has_tag(job, tag)), None)


def look_up(tag: str, *, settle: float, first: float, longest: float, clock: Clock) -> Plan[dict[str, Any] | None]:
    """List jobs with `tag` until one appears; None: a list after more than `settle` seconds held none.

    Args:
        tag: of the submission.
        settle: seconds that the job may take to appear. Requests may fail for as long again.
        first, longest: bounds of the back-off between two lists, in seconds.
        clock: measures these.

    Raises: ApiError, TransportError, ContractViolation: it is unknown whether the job exists.
    """
    began, pause = clock.monotonic(), first
    while True:
        waited = clock.monotonic() - began
        try:
            found = yield from find_by_tag(tag, budget=max(settle - waited, longest))
        except TRANSIENT as failure:
            if waited >= 2 * settle or isinstance(failure, ClientClosed):
                raise
            log.warning("the look-up of the job with tag %s goes on after: %s", tag, failure)
        else:
            if found is not None or waited >= settle:
                return found
        now = clock.monotonic() - began
        yield Sleep(min(pause, settle - now) if now < settle else pause)
        pause = min(2 * pause, longest)


def _has_tag(job: Any, tag: str) -> bool:
    return tag in member_texts(job, "tags") and member_text(job, "id") is not None
