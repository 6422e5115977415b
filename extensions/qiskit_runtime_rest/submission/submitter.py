"""Make one job of one submission, even if the response is lost.

The service has no idempotency key. Each submission therefore has a unique tag; if its outcome is unknown, the job is
looked up by that tag until it is found or has had time to appear.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from qiskit_runtime_api.api import jobs as jobs_api

from ..arguments import FLAG, NOT_NEGATIVE, POSITIVE, WHOLE, check, is_one_of
from ..base.callers import warn
from ..base.json_members import member_text
from ..base.text import shown
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
from ..http.retrying import SHORTEST_SECONDS, may_have_happened
from ..plans.clock import Clock
from ..plans.effects import InThread, Sleep
from ..plans.plan import Plan
from .journal import ABSENT, RECORDED, REFUSED, SENDING_SECONDS, Claim, Entry, Journal
from .lookup import look_up
from .rate_limit import SubmissionLimiter
from .request import MOST_TAGS, TAG_PREFIX, JobRequest
from .usage import UsageWatch, add_reset_time

__all__ = ["SubmissionPolicy", "Submitter"]

log = logging.getLogger("qiskit_runtime_rest.submission")

LONGEST_PAUSE = 60.0
"""Longest pause, in seconds, between two tries while the service accepts no more jobs, without a `Retry-After`."""

SHORTEST_CLAIM_PAUSE, LONGEST_CLAIM_PAUSE = 0.1, 5.0
"""Seconds between two looks whether another process has ended its claim."""


POLICY_CHECKS = {
    "tagged": FLAG,
    "settle": NOT_NEGATIVE,
    "most_times": WHOLE,
    "wait_for_room": NOT_NEGATIVE,
    "wait_for_rate": NOT_NEGATIVE,
    "first": POSITIVE,
    "longest": POSITIVE,
}


@dataclass(frozen=True, kw_only=True)
class SubmissionPolicy:
    """How a submission handles failures.

    Attributes:
        tagged: give each job a unique tag, to find it if the response is lost.
        settle: seconds that a job may take to appear, if the outcome of its submission is unknown.
        if_unknown: if it does not appear: `raise` a `SubmissionUnknown`, or `submit again`.
        most_times: how often `submit again` sends it in all.
        wait_for_room: seconds to wait while too many jobs are pending (code 3458); 0: raise `PendingJobsLimit`.
        wait_for_rate: seconds to wait while the service refuses more jobs a minute (429), for example because the user
            also submits from other machines; 0: raise `RateLimited` at once.
        first, longest: bounds of the back-off between two look-ups, in seconds.
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
        """Refuse values that do not exist, or cannot work together.

        Raises:
            InvalidInput: says what to pass.
        """
        check(vars(self), POLICY_CHECKS)
        if not is_one_of(self.if_unknown, ("raise", "submit again")):
            raise InvalidInput(f"if_unknown={shown(self.if_unknown)}: must be 'raise' or 'submit again'.")
        if self.if_unknown == "submit again" and not self.tagged:
            raise InvalidInput("'submit again' without a tag could run a job twice: leave tagged=True.")


class Submitter:
    """Makes one job of each submission of a client."""

    def __init__(
        self, policy: SubmissionPolicy, *, limiter: SubmissionLimiter, journal: Journal | None, clock: Clock
    ) -> None:
        """`journal`: None for no journal."""
        self.policy = policy
        self.limiter = limiter
        self.journal = journal
        self._clock = clock
        self._usage = UsageWatch(clock)
        self.missing_programs: set[str] = set()
        """Programs that the service said it does not have."""

    def submit(self, request: JobRequest, *, claim: Claim | None = None) -> Plan[dict[str, Any]]:
        """Submit `request`; the outcome is the JSON of the job, with its `id`.

        Args:
            request: what to submit.
            claim: the right to submit it under its name in the journal.

        Raises:
            InvalidInput: the params are not JSON.
            SubmissionUnknown: it may have become a job, which was not found.
            ApiError, TransportError: it did not become a job.
            ClaimLost: `claim` ended before it could be sent.
        """
        if request.max_execution_time is not None:
            yield from self._usage.warn_if_over(request.max_execution_time)
        tag = self._tag(request)
        request = request.tagged(tag) if tag else request
        body = request.to_json()
        try:
            created = yield from self._sent(request, body, tag, claim)
            yield from self._finish(tag, RECORDED, created["id"])
        except BaseException:
            self._leave(tag)
            raise
        return {"tags": list(request.tags or ()), **created}

    def _sent(self, request: JobRequest, body: bytes, tag: str | None, claim: Claim | None) -> Plan[dict[str, Any]]:
        """Send the submission until it is a job, or certainly none."""
        times = self.policy.most_times if tag and self.policy.if_unknown == "submit again" else 1
        created: dict[str, Any] | None = None
        in_doubt = False
        while created is None:
            times -= 1
            try:
                created = yield from self._send(request, body, tag, claim)
            except (ApiError, TransportError) as failure:
                if may_have_happened(failure):
                    in_doubt = True
                    log.warning("the submission's outcome is unknown: %s", failure)
                    created = (yield from self._find_job(failure, tag, request)) if tag else None
                elif not in_doubt:
                    yield from self._finish(tag, REFUSED)
                    raise
                else:
                    times = 0
                if created is None and times <= 0:
                    raise _unknown(failure, tag, request) from failure
        return created

    def _find_job(
        self, failure: ApiError | TransportError, tag: str, request: JobRequest
    ) -> Plan[dict[str, Any] | None]:
        """The job with `tag`, if it appears in time; None: it does not exist."""
        try:
            with _may_be_a_job(tag):
                found = yield from self._look_up(tag, settle=self.policy.settle)
        except RuntimeRestError as lookup_failure:
            raise _unknown(failure, tag, request, lookup_failure) from lookup_failure
        if found is None:
            log.warning("no job has the tag %s", tag)
        return found

    def _look_up(self, tag: str, *, settle: float) -> Plan[dict[str, Any] | None]:
        return look_up(tag, settle=settle, first=self.policy.first, longest=self.policy.longest, clock=self._clock)

    def claim(self, key: str) -> Plan[Claim | Entry | None]:
        """Claim the submission named `key`, or find the entry of its job; None without a journal.

        It waits while another thread or process works for this name. The caller ends the claim with `release`.
        """
        if self.journal is None:
            return None
        claim_id = os.urandom(16).hex()
        claim_it = functools.partial(self.journal.claim, key, claim_id=claim_id)
        pause = SHORTEST_CLAIM_PAUSE
        while True:
            try:
                claimed: Claim | Entry | None = yield InThread(lambda: claim_it(now=self._clock.monotonic()))
            except BaseException:
                self._release(claim_id, key)
                raise
            if claimed is not None:
                return claimed
            yield Sleep(pause)
            pause = min(2 * pause, LONGEST_CLAIM_PAUSE)

    def release(self, claim: Claim) -> None:
        """End `claim`. It is not a plan, so that a task which is cancelled can do it, too."""
        self._release(claim.id, claim.key)

    def _release(self, claim_id: str, key: str) -> None:
        assert self.journal is not None
        try:
            self.journal.release(claim_id)
        except ConfigurationError as error:
            log.warning("the claim of %s ends with this process: %s", key, error)

    def find_claimed(self, request: JobRequest, claimed: Claim | Entry) -> Plan[dict[str, Any] | None]:
        """The job of `claimed`, or None; looked up if its outcome was not recorded.

        Raises:
            SubmissionUnknown: it could not be looked up.
        """
        entry = claimed.entry if isinstance(claimed, Claim) else claimed
        if entry is None:
            return None
        if entry.job_id is not None:
            return {"id": entry.job_id, "tags": [*(request.tags or ()), entry.tag]}
        try:
            return (yield from self.recover(entry.tag, entry))
        except RuntimeRestError as failure:
            raise _unknown(failure, entry.tag, request, failure) from failure

    def recover(self, tag: str, entry: Entry | None = None) -> Plan[dict[str, Any] | None]:
        """Look up the job with `tag`, and record the outcome; None if it does not exist.

        Args:
            tag: of the submission.
            entry: its entry in the journal. The job has `settle` seconds to appear, from the last moment at which it
                may have been sent.

        Raises:
            RuntimeRestError: it is unknown, and nothing is recorded.
        """
        now = self._clock.monotonic()
        settled = entry.settled_seconds(now) if entry is not None else 0.0
        # Not after the look-up: a process that ended during it may have sent the job just before.
        may_be_sent = entry is not None and entry.may_be_sent(now)
        found = yield from self._look_up(tag, settle=max(0.0, self.policy.settle - settled))
        if found is not None:
            yield from self._finish(tag, RECORDED, found["id"])
        elif may_be_sent:
            raise SubmissionUnknown(
                f"It is unknown whether there will be a job with the tag {tag}: a process may still submit it. Look "
                "again later.",
                tag=tag,
            )
        else:
            yield from self._finish(tag, ABSENT)
        return found

    def _leave(self, tag: str | None) -> None:
        """Note that the submission is not sent any more. A task that is cancelled cannot wait for a thread."""
        if self.journal is not None and tag is not None:
            with contextlib.suppress(ConfigurationError):
                self.journal.leave(tag)

    def _tag(self, request: JobRequest) -> str | None:
        if not self.policy.tagged:
            return None
        if not request.has_room_for_a_tag:
            warn(
                f"{MOST_TAGS} tags leave no room for the tag by which a job is found if the answer is lost: this "
                "submission has none. Use one tag less, or SubmissionPolicy(tagged=False).",
                SubmissionWarning,
            )
            return None
        return TAG_PREFIX + os.urandom(16).hex()

    def _finish(self, tag: str | None, outcome: str, job_id: str | None = None) -> Plan[None]:
        """Record the outcome; a failure to do so is logged, since the caller must still get the job."""
        if self.journal is not None and tag is not None:
            journal = self.journal
            try:
                yield InThread(lambda: journal.finish(tag, outcome=outcome, job_id=job_id))
            except ConfigurationError as error:
                log.warning("not in the journal: the submission with tag %s is %s. %s", tag, job_id or outcome, error)

    def _note(self, tag: str | None, request: JobRequest, claim: Claim | None) -> Plan[float]:
        """Record that it is about to be sent; the outcome is the seconds in which all sending must end.

        A note that took long (a locked file, a process that was stopped) is made anew, so that these are enough.
        """
        while (journal := self.journal) is not None and tag is not None:
            now = self._clock.monotonic()
            yield InThread(functools.partial(journal.begin, tag, request, claim=claim, now=now))
            if (age := self._clock.monotonic() - now) < SENDING_SECONDS / 2:
                return SENDING_SECONDS - age - SHORTEST_SECONDS
        return SENDING_SECONDS - SHORTEST_SECONDS

    def _send(self, request: JobRequest, body: bytes, tag: str | None, claim: Claim | None) -> Plan[dict[str, Any]]:
        refused_at: float | None = None
        pause = self.policy.longest
        while True:
            if not self.limiter.is_off:
                yield from self._wait_for_rate()
            # Not earlier: a process killed while it waits for the rate limit must leave no entry.
            budget = yield from self._note(tag, request, claim)
            try:
                with _may_be_a_job(tag):
                    return (yield from create_job(request, body, budget=budget))
            except RateLimited as refusal:
                pending = isinstance(refusal, PendingJobsLimit)
                limit = self.policy.wait_for_room if pending else self.policy.wait_for_rate
                now = self._clock.monotonic()
                refused_at = now if refused_at is None else refused_at
                wait = refusal.retry_after or pause
                if now - refused_at + wait > limit:
                    raise
                log.info("%s: next try in %.1f s", "too many jobs are pending" if pending else "too fast", wait)
                yield Sleep(wait)
                if not refusal.retry_after:
                    pause = min(2 * pause, LONGEST_PAUSE)
            except QuotaExceeded as error:
                yield from add_reset_time(error)
                raise

    def _wait_for_rate(self) -> Plan[None]:
        wait = yield InThread(self.limiter.reserve)
        if wait > 0:
            log.info("waiting %.1f s before the next submission (%g a minute)", wait, self.limiter.per_minute)
            yield Sleep(wait)


def create_job(request: JobRequest, body: bytes, *, budget: float) -> Plan[dict[str, Any]]:
    """Send `request`, whose JSON is `body`; the outcome is the JSON of the job, with `created`, the response's date."""
    response = yield from fetch(jobs_api.create_job, budget=budget, content=body, no_rate_retries=True, body=request)
    created = json_object(response)
    if member_text(created, "id") is None:
        raise unexpected_answer(response, "the answer to the submission does not hold a job id")
    try:
        date = email.utils.parsedate_to_datetime(response.headers["Date"]).isoformat()
    except (KeyError, ValueError, OverflowError):
        date = None
    return {"created": date, **created}


@contextlib.contextmanager
def _may_be_a_job(tag: str | None) -> Iterator[None]:
    """Name the tag in what the caller's functions (hooks, checks, transports) raise, and in interruptions."""
    try:
        yield
    except (ApiError, TransportError):
        raise
    except BaseException as error:
        if tag is not None:
            error.add_note(f"It may have become a job: client.jobs.find(tag={tag!r}) looks for it.")
        raise


def _unknown(
    failure: RuntimeRestError,
    tag: str | None,
    request: JobRequest,
    lookup_failure: RuntimeRestError | None = None,
) -> SubmissionUnknown:
    """The error for a submission that ended in `failure`. `lookup_failure`: why its job could not be looked up."""
    what = f"It is unknown whether the job was created: {failure}"
    if tag is None:
        then = "It has no tag of this client, so look through client.jobs.list() before you submit again."
    else:
        looked = f"No job with the tag {tag} was found."
        if lookup_failure is not None:
            looked = f"It could not be looked up{'' if lookup_failure is failure else f': {lookup_failure}'}."
        then = (
            f"{looked} Call recover() on this error to look again, or later, or from another process, "
            f"client.jobs.find(tag={tag!r}); submit again only if it stays missing."
        )
    return SubmissionUnknown(f"{what} {then}", tag=tag, request=request.to_dict())
