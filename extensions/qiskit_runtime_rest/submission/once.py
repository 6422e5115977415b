"""One submission, one job: whatever happens to the answer.

The service has no idempotency key. Each submission therefore carries a unique tag; when nobody can say whether the
job was recorded, it is looked up by that tag until it is found or has had time to appear.
"""

from __future__ import annotations

import email.utils
import logging
import os
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from qiskit_runtime_api.api import instances as instances_api
from qiskit_runtime_api.api import jobs as jobs_api

from ..answers import unexpected_answer
from ..connection.calls import fetch, json_object
from ..connection.retries import may_have_happened
from ..effects import Clock, InThread, Plan, Sleep
from ..errors import (
    ApiError,
    ConfigurationError,
    InvalidInput,
    PendingJobsLimit,
    QuotaExceeded,
    RateLimited,
    SubmissionUnknown,
    SubmissionWarning,
    TransportError,
)
from .journal import ABSENT, RECORDED, REFUSED, Journal
from .pacing import SubmissionLimiter
from .request import MOST_TAGS, JobRequest
from .usage import UsageWatch

__all__ = ["SubmissionPolicy", "Submitter", "find_by_tag"]

log = logging.getLogger("qiskit_runtime_rest.submission")

TAG_PREFIX = "qrr-"


@dataclass(frozen=True, kw_only=True)
class SubmissionPolicy:
    """What is done about what can go wrong with a submission.

    Attributes:
        tagged: give each job a unique tag, by which it is found when its answer is lost.
        settle: seconds that a job of unknown outcome is looked for.
        if_unknown: when it is still not found: `raise` a `SubmissionUnknown`, or `submit again`.
        most_times: how often `submit again` sends it in all.
        wait_for_room: seconds to wait while too many jobs are pending (code 3458); 0: raise `PendingJobsLimit`.
        wait_for_rate: seconds to wait while the service takes no more jobs a minute (429), as when the user submits
            from other machines, too; then `RateLimited` is raised.
        first, longest: bounds of the back-off between two looks, in seconds.
    """

    tagged: bool = True
    settle: float = 30.0
    if_unknown: Literal["raise", "submit again"] = "raise"
    most_times: int = 3
    wait_for_room: float = 0.0
    wait_for_rate: float = 120.0
    first: float = 0.5
    longest: float = 8.0

    def __post_init__(self) -> None:
        """Refuse a choice that there is not, and one that cannot work."""
        if self.if_unknown not in ("raise", "submit again"):
            raise InvalidInput(f"if_unknown={self.if_unknown!r}: it is 'raise' or 'submit again'.")
        if self.if_unknown == "submit again" and not self.tagged:
            raise InvalidInput("'submit again' without a tag could run a job twice: leave tagged=True.")


class Submitter:
    """Sends the submissions of one client."""

    def __init__(
        self, policy: SubmissionPolicy, *, limiter: SubmissionLimiter, journal: Journal | None, clock: Clock
    ) -> None:
        """`journal`: None to keep none."""
        self.policy = policy
        self.limiter = limiter
        self.journal = journal
        self._clock = clock
        self._usage = UsageWatch(clock)

    def submit(self, request: JobRequest, *, key: str | None = None) -> Plan[dict[str, Any]]:
        """Send `request`; the outcome is the JSON of the job it became, with its `id`.

        Args:
            request: what to submit.
            key: a name for the journal, to find the submission again.

        Raises:
            InvalidInput: the params are no JSON.
            SubmissionUnknown: it may have become a job, which was not found.
            ApiError, TransportError: it became no job.
        """
        yield from self._usage.warn_if_over(request)
        tag = self._tag(request)
        request = request.tagged(tag) if tag else request
        body = request.to_json()
        for attempt in range(1, self.policy.most_times + 1):
            try:
                created = yield from self._send(request, body, tag, key)
            except (ApiError, TransportError) as failure:
                if not may_have_happened(failure):
                    yield from self._settle(tag, REFUSED)
                    raise
                log.warning("the submission's outcome is unknown: %s", failure)
                found = (yield from find_by_tag(tag, self.policy, self._clock)) if tag else None
                if found is None:
                    if self.policy.if_unknown == "submit again" and attempt < self.policy.most_times:
                        log.warning("no job has the tag %s: submitting again", tag)
                        continue
                    raise _unknown(failure, tag, request) from failure
                created = found
            yield from self._settle(tag, RECORDED, created["id"])
            return {"tags": list(request.tags or ()), **created}
        raise AssertionError("the last attempt returns or raises")

    def known(self, request: JobRequest, key: str) -> Plan[dict[str, Any] | None]:
        """The job that the journal knows as `key`, looked up if its outcome was never written down; or None."""
        if self.journal is None:
            return None
        journal = self.journal
        entry = yield InThread(lambda: journal.find(key))
        if entry is None:
            return None
        if entry.job_id is not None:
            return {"id": entry.job_id, "tags": [*(request.tags or ()), entry.tag]}
        return (yield from self.recover(entry.tag))

    def recover(self, tag: str) -> Plan[dict[str, Any] | None]:
        """Look once more for the job with `tag`, and write down what became of it; None if there is none."""
        found = yield from find_by_tag(tag, self.policy, self._clock)
        if found is None:
            yield from self._settle(tag, ABSENT)
        else:
            yield from self._settle(tag, RECORDED, found["id"])
        return found

    def _tag(self, request: JobRequest) -> str | None:
        if not self.policy.tagged:
            return None
        if not request.has_room_for_a_tag:
            warnings.warn(
                f"{MOST_TAGS} tags of your own leave no room for the one by which a job is found when its answer is "
                "lost: this submission goes without. Use one tag less, or SubmissionPolicy(tagged=False).",
                SubmissionWarning,
                stacklevel=2,
            )
            return None
        return TAG_PREFIX + os.urandom(16).hex()

    def _intend(self, tag: str | None, request: JobRequest, key: str | None) -> Plan[None]:
        if self.journal is not None and tag is not None:
            journal = self.journal
            yield InThread(lambda: journal.intend(tag, request, key=key))

    def _settle(self, tag: str | None, outcome: str, job_id: str | None = None) -> Plan[None]:
        """Write down what became of the submission; a journal that breaks now takes no job away from its owner."""
        if self.journal is not None and tag is not None:
            journal = self.journal
            try:
                yield InThread(lambda: journal.settle(tag, outcome=outcome, job_id=job_id))
            except ConfigurationError as error:
                log.warning("not in the journal: the submission with tag %s is %s. %s", tag, job_id or outcome, error)

    def _send(self, request: JobRequest, body: bytes, tag: str | None, key: str | None) -> Plan[dict[str, Any]]:
        waited, pause = 0.0, self.policy.longest
        while True:
            yield from self._pace()
            # Only now: whoever is killed while he waits for his turn leaves nothing to be looked for.
            yield from self._intend(tag, request, key)
            try:
                return (yield from create_job(request, body))
            except RateLimited as refusal:
                pending = isinstance(refusal, PendingJobsLimit)
                if waited + pause > (self.policy.wait_for_room if pending else self.policy.wait_for_rate):
                    raise
                log.info("%s: next try in %.1f s", "too many jobs are pending" if pending else "too fast", pause)
                yield Sleep(pause)
                waited += pause
                pause = min(2 * pause, 60.0)
            except QuotaExceeded as error:
                yield from _tell_reset(error)
                raise

    def _pace(self) -> Plan[None]:
        if self.limiter.is_off:
            return
        wait = yield InThread(self.limiter.reserve)
        if wait > 0:
            log.info("waiting %.1f s before the next submission (%g a minute)", wait, self.limiter.per_minute)
            yield Sleep(wait)


def create_job(request: JobRequest, body: bytes) -> Plan[dict[str, Any]]:
    """Send `request`, of which `body` is the JSON, and read the answer; nothing more."""
    response = yield from fetch(jobs_api.create_job, content=body, body=request)
    created = json_object(response)
    if not isinstance(created.get("id"), str):
        raise unexpected_answer(response, "the answer to the submission names no job")
    return {"created": _moment(response), **created}


def _moment(response: httpx.Response) -> str | None:
    """When the service answered, by its clock: what lists the job among others created at that time."""
    try:
        return email.utils.parsedate_to_datetime(response.headers["Date"]).isoformat()
    except (KeyError, ValueError):
        return None


def find_by_tag(tag: str, policy: SubmissionPolicy, clock: Clock) -> Plan[dict[str, Any] | None]:
    """Look for the job with `tag`, with back-off, until it is found or `policy.settle` seconds have passed."""
    deadline, pause = clock.monotonic() + policy.settle, policy.first
    while True:
        try:
            budget = max(0.0, deadline - clock.monotonic())
            response = yield from fetch(
                jobs_api.list_jobs, budget=budget, tags=[tag], limit=2, offset=0, exclude_params=True
            )
            listed = json_object(response).get("jobs")
        except (ApiError, TransportError) as failure:
            log.warning("looking for the job with tag %s goes on after: %s", tag, failure)
        else:
            for job in listed if isinstance(listed, list) else []:
                # A service that ignores the filter must not make us adopt somebody else's job.
                if isinstance(job, dict) and tag in (job.get("tags") or ()) and isinstance(job.get("id"), str):
                    return job
        if clock.monotonic() + pause > deadline:
            return None
        yield Sleep(pause)
        pause = min(2 * pause, policy.longest)


def _unknown(failure: ApiError | TransportError, tag: str | None, request: JobRequest) -> SubmissionUnknown:
    what = f"Nobody can say whether the job was recorded: {failure}"
    then = (
        f" No job with the tag {tag} was found. Call recover() on this error to look again, or "
        f"client.jobs.find(tag={tag!r}) another day; submit again only if it stays missing."
        if tag
        else " It carries no tag of ours, so look through client.jobs.list() before you submit again."
    )
    return SubmissionUnknown(what + then, tag=tag, request=request.to_dict())


def _tell_reset(error: QuotaExceeded) -> Plan[None]:
    """Add to `error` when the usage period ends, if the service says so."""
    try:
        response = yield from fetch(instances_api.get_instance_usage, budget=0.0)
        period = json_object(response).get("usage_period")
    except (ApiError, TransportError):
        return
    ends = period.get("end_time") if isinstance(period, dict) else None
    if isinstance(ends, str):
        error.resets_at = ends
        error.args = (f"{error} The usage period ends at {ends}.",)
