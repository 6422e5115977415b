"""When a request is sent again, and how long to wait before: decisions only."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import httpx

from ..errors import ApiError, PendingJobsLimit, QuotaExceeded, ServerError, TransportError, UnexpectedAnswer
from .auth.iam import TOKEN_PATH

__all__ = ["WAITS_ITSELF", "RetryPolicy", "may_have_happened", "may_retry"]

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
NOTHING_HAPPENED_STATUS = httpx.codes.TOO_MANY_REQUESTS
LIMITS_THAT_STAY = (PendingJobsLimit, QuotaExceeded)

WAITS_ITSELF = "qiskit_runtime_rest.waits_itself"
"""The extension of a request whose sender waits himself when the service says that he is too fast."""


def may_retry(request: httpx.Request, failure: ApiError | TransportError, *, reached_service: bool) -> bool:
    """Whether sending `request` again can help and cannot do its work twice.

    A request that is not idempotent (`create_job`, `create_session`, ...) is sent again only if nothing can have
    happened: no byte of it left, or the service answered 429. `reached_service`: False when the failure came
    before the request itself was sent, on the way to a token.
    """
    harmless = request.method in IDEMPOTENT_METHODS or not reached_service
    if isinstance(failure, TransportError):
        return harmless or not failure.sent
    if isinstance(failure, LIMITS_THAT_STAY) or failure.status not in PASSING_STATUSES:
        return False
    if failure.status == NOTHING_HAPPENED_STATUS and reached_service:
        return not request.extensions.get(WAITS_ITSELF)
    return harmless or failure.status == NOTHING_HAPPENED_STATUS


def may_have_happened(failure: ApiError | TransportError) -> bool:
    """Whether the service may have done what a request asked for, though `failure` is all that came of it."""
    if isinstance(failure, TransportError):
        return failure.sent
    return isinstance(failure, ServerError | UnexpectedAnswer) and not failure.url.endswith(TOKEN_PATH)


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Exponential back-off with full jitter, within a budget.

    Attributes:
        attempts: how often a request is sent at most, the first time included.
        seconds: no retry begins later than this after the first attempt began.
        first, longest: upper bounds of the first delay and of any delay, in seconds; the bound doubles in between.
        longest_retry_after: a longer `Retry-After` is cut to this many seconds.
        random: gives a number in [0, 1); a parameter so that tests decide.
    """

    attempts: int = 6
    seconds: float = 120.0
    first: float = 0.5
    longest: float = 20.0
    longest_retry_after: float = 60.0
    random: Callable[[], float] = random.random

    def delay(self, attempt: int, *, elapsed: float, retry_after: float | None) -> float | None:
        """Seconds to wait after failed `attempt` (from 1), `elapsed` seconds after the first began; None: give up."""
        if attempt >= self.attempts:
            return None
        bound = min(self.longest, self.first * 2.0 ** (attempt - 1))
        wait = self.random() * bound
        if retry_after is not None:
            wait += min(retry_after, self.longest_retry_after)
        return wait if elapsed + wait <= self.seconds else None

    def within(self, seconds: float | None) -> RetryPolicy:
        """This policy with a budget of at most `seconds` (None: as it is)."""
        return self if seconds is None else replace(self, seconds=min(self.seconds, seconds))
