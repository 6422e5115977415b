"""One submission, one job: whatever happens to the answer.

The service has no idempotency key. Each submission therefore carries a unique tag; when nobody can say whether the
job was recorded, it is looked up by that tag until it is found or has had time to appear.
"""

from __future__ import annotations

import email.utils
import logging
import os
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from qiskit_runtime_api.api import instances as instances_api
from qiskit_runtime_api.api import jobs as jobs_api

from ..base.callers import warn
from ..base.json_members import member_text
from ..errors import (
    ApiError,
    ConfigurationError,
    InvalidInput,
    PendingJobsLimit,
    QuotaExceeded,
    RateLimited,
    RuntimeRestError,
    SubmissionUnknown,
    SubmissionWarning,
    TransportError,
)
from ..http.calls import fetch, json_object
from ..http.error_mapping import unexpected_answer
from ..http.retry_policy import may_have_happened
from ..plans.clock import Clock
from ..plans.effects import InThread, Sleep
from ..plans.plan import Plan
from .journal import ABSENT, RECORDED, REFUSED, Journal
from .lookup import look_up
from .rate_limit import SubmissionLimiter
from .request import MOST_TAGS, JobRequest
from .usage import UsageWatch

__all__ = ["SubmissionPolicy", "Submitter"]

log = logging.getLogger("qiskit_runtime_rest.submission")

TAG_PREFIX = "qrr-"
LONGEST_PAUSE = 60.0
"""Seconds between two tries at most, while the service takes no more jobs and does not say until when."""


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
            from other machines, too; 0: raise `RateLimited` at once.
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
            SubmissionUnknown: one of the times that it was sent may have become a job, which was not found.
            ApiError, TransportError: it became no job.
        """
        yield from self._usage.warn_if_over(request)
        tag = self._tag(request)
        request = request.tagged(tag) if tag else request
        body = request.to_json()
        times = self.policy.most_times if tag and self.policy.if_unknown == "submit again" else 1
        created: dict[str, Any] | None = None
        in_doubt = False
        while created is None:
            times -= 1
            try:
                created = yield from self._send(request, body, tag, key)
            except (ApiError, TransportError) as failure:
                if may_have_happened(failure):
                    in_doubt = True
                    log.warning("the submission's outcome is unknown: %s", failure)
                    created = (yield from self._adopted(failure, tag, request)) if tag else None
                elif not in_doubt:
                    yield from self._settle(tag, REFUSED)
                    raise
                else:
                    times = 0
                if created is None and times <= 0:
                    raise _unknown(failure, tag, request) from failure
        yield from self._settle(tag, RECORDED, created["id"])
        return {"tags": list(request.tags or ()), **created}

    def _adopted(
        self, failure: ApiError | TransportError, tag: str, request: JobRequest
    ) -> Plan[dict[str, Any] | None]:
        """The job with `tag`, if it appears in time; None: there is none."""
        try:
            found = yield from self._look_up(tag, settle=self.policy.settle)
        except RuntimeRestError as blind:
            raise _unknown(failure, tag, request, blind) from blind
        if found is None:
            log.warning("no job has the tag %s", tag)
        return found

    def _look_up(self, tag: str, *, settle: float) -> Plan[dict[str, Any] | None]:
        return look_up(tag, settle=settle, first=self.policy.first, longest=self.policy.longest, clock=self._clock)

    def known(self, request: JobRequest, key: str) -> Plan[dict[str, Any] | None]:
        """The job that the journal knows as `key`, looked up if its outcome was never written down; or None.

        Raises: SubmissionUnknown: it could not be looked up.
        """
        if self.journal is None:
            return None
        journal = self.journal
        entry = yield InThread(lambda: journal.find(key))
        if entry is None:
            return None
        if entry.job_id is not None:
            return {"id": entry.job_id, "tags": [*(request.tags or ()), entry.tag]}
        try:
            return (yield from self.recover(entry.tag, began=entry.began))
        except RuntimeRestError as blind:
            raise _unknown(blind, entry.tag, request, blind) from blind

    def recover(self, tag: str, *, began: float | None = None) -> Plan[dict[str, Any] | None]:
        """Look once more for the job with `tag`, and write down what became of it; None if there is none.

        Args:
            tag: of the submission.
            began: when it was sent, in seconds since the epoch: a job has `settle` seconds from then to appear.

        Raises: RuntimeRestError: nobody can say, and nothing is written down.
        """
        age = 0.0 if began is None else max(0.0, self._clock.time() - began)
        found = yield from self._look_up(tag, settle=max(0.0, self.policy.settle - age))
        if found is None:
            yield from self._settle(tag, ABSENT)
        else:
            yield from self._settle(tag, RECORDED, found["id"])
        return found

    def _tag(self, request: JobRequest) -> str | None:
        if not self.policy.tagged:
            return None
        if not request.has_room_for_a_tag:
            warn(
                f"{MOST_TAGS} tags of your own leave no room for the one by which a job is found when its answer is "
                "lost: this submission goes without. Use one tag less, or SubmissionPolicy(tagged=False).",
                SubmissionWarning,
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
        refused_at: float | None = None
        pause = self.policy.longest
        while True:
            yield from self._wait_for_rate()
            # Only now: whoever is killed while he waits for his turn leaves nothing to be looked for.
            yield from self._intend(tag, request, key)
            try:
                return (yield from create_job(request, body))
            except RateLimited as refusal:
                pending = isinstance(refusal, PendingJobsLimit)
                patience = self.policy.wait_for_room if pending else self.policy.wait_for_rate
                now = self._clock.monotonic()
                refused_at = now if refused_at is None else refused_at
                wait = refusal.retry_after or pause
                if now - refused_at + wait > patience:
                    raise
                log.info("%s: next try in %.1f s", "too many jobs are pending" if pending else "too fast", wait)
                yield Sleep(wait)
                if not refusal.retry_after:
                    pause = min(2 * pause, LONGEST_PAUSE)
            except QuotaExceeded as error:
                yield from _tell_reset(error)
                raise

    def _wait_for_rate(self) -> Plan[None]:
        if self.limiter.is_off:
            return
        wait = yield InThread(self.limiter.reserve)
        if wait > 0:
            log.info("waiting %.1f s before the next submission (%g a minute)", wait, self.limiter.per_minute)
            yield Sleep(wait)


def create_job(request: JobRequest, body: bytes) -> Plan[dict[str, Any]]:
    """Send `request`, of which `body` is the JSON, and read the answer; nothing more."""
    response = yield from fetch(jobs_api.create_job, content=body, waits_itself=True, body=request)
    created = json_object(response)
    if member_text(created, "id") is None:
        raise unexpected_answer(response, "the answer to the submission names no job")
    return {"created": _moment(response), **created}


def _moment(response: httpx.Response) -> str | None:
    """When the service answered, by its clock: what lists the job among others created at that time."""
    try:
        return email.utils.parsedate_to_datetime(response.headers["Date"]).isoformat()
    except (KeyError, ValueError, OverflowError):
        return None


def _unknown(
    failure: RuntimeRestError,
    tag: str | None,
    request: JobRequest,
    blind: RuntimeRestError | None = None,
) -> SubmissionUnknown:
    """The error for a submission that ended in `failure`. `blind`: why its job could not even be looked for."""
    what = f"Nobody can say whether the job was recorded: {failure}"
    if tag is None:
        then = "It carries no tag of ours, so look through client.jobs.list() before you submit again."
    else:
        looked = f"No job with the tag {tag} was found."
        if blind is not None:
            looked = f"It could not be looked for{'' if blind is failure else f': {blind}'}."
        then = (
            f"{looked} Call recover() on this error to look again, or client.jobs.find(tag={tag!r}) another day; "
            "submit again only if it stays missing."
        )
    return SubmissionUnknown(f"{what} {then}", tag=tag, request=request.to_dict())


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
