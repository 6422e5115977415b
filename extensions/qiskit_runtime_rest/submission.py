"""From what the caller asks for to one `create_job` request, checked before it is sent."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qiskit_runtime_api.api import jobs as jobs_api

from .answers import unexpected_answer
from .connection.calls import fetch, json_object
from .effects import Clock, Plan, Sleep
from .errors import InvalidInput, RuntimeRestError

__all__ = ["JobRequest", "SubmissionLimiter", "check_tags", "submit"]

log = logging.getLogger("qiskit_runtime_rest.submission")

MOST_TAGS = 8
LONGEST_TAG = 86
LONGEST_EXECUTION_SECONDS = 10_800
LOG_LEVELS = ("critical", "error", "warning", "info", "debug")


def check_tags(tags: Sequence[str]) -> None:
    """Check tags as the service would.

    Raises:
        InvalidInput: says what is wrong.
    """
    if isinstance(tags, str) or not isinstance(tags, Sequence):
        raise InvalidInput(f"tags={tags!r}: tags are a list of texts.")
    if len(tags) > MOST_TAGS:
        raise InvalidInput(f"{len(tags)} tags: a job takes {MOST_TAGS} at most.")
    for tag in tags:
        if not isinstance(tag, str) or len(tag) > LONGEST_TAG:
            raise InvalidInput(f"tag {tag!r}: a tag is a text of {LONGEST_TAG} characters at most.")


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """One submission, checked. `params` are sent as they are.

    Source: schema `JobRunParams` of the contract, operation `create_job`.
    """

    program_id: str
    backend: str = ""
    params: Mapping[str, Any] = field(repr=False)
    tags: Sequence[str] | None = None
    session_id: str | None = None
    private: bool | None = None
    max_execution_time: float | None = None
    log_level: str | None = None
    calibration_id: str | None = None

    def __post_init__(self) -> None:
        """Check what the service would refuse.

        Raises:
            InvalidInput: says what is wrong.
        """
        for name in ("program_id", "backend"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise InvalidInput(f"{name} is missing: name one, such as 'sampler' and 'ibm_torino'.")
        if not isinstance(self.params, Mapping):
            raise InvalidInput(f"params is {type(self.params).__name__}: pass what the program takes, by name.")
        if self.tags is not None:
            check_tags(self.tags)
        limit = self.max_execution_time
        if limit is not None and not (isinstance(limit, int | float) and 1 <= limit <= LONGEST_EXECUTION_SECONDS):
            raise InvalidInput(f"max_execution_time={limit!r}: 1 to {LONGEST_EXECUTION_SECONDS} seconds.")
        if self.log_level is not None and str(self.log_level).lower() not in LOG_LEVELS:
            raise InvalidInput(f"log_level={self.log_level!r}: one of {', '.join(LOG_LEVELS)}.")

    def to_dict(self) -> dict[str, Any]:
        """The body of `create_job`; what was not given is left out."""
        body = {
            "program_id": self.program_id,
            "backend": self.backend,
            "params": dict(self.params),
            "tags": list(self.tags or ()) or None,
            "session_id": self.session_id,
            "private": self.private,
            "cost": None if self.max_execution_time is None else int(self.max_execution_time),
            "log_level": self.log_level and self.log_level.lower(),
            "calibration_id": self.calibration_id,
        }
        return {name: value for name, value in body.items() if value is not None}


class SubmissionLimiter:
    """Keeps the submissions of one client, from all its threads and tasks, below a number a minute."""

    def __init__(self, per_minute: float | None, clock: Clock) -> None:
        """`per_minute`: None for no limit."""
        self.per_minute = per_minute or 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: deque[float] = deque(maxlen=max(1, int(self.per_minute)))

    def reserve(self) -> float:
        """Take the next place; the outcome is how many seconds to wait for it."""
        if not self.per_minute:
            return 0.0
        window = 60.0 * self._sent.maxlen / self.per_minute if self._sent.maxlen else 0.0
        with self._lock:
            now = self._clock.monotonic()
            full = len(self._sent) == self._sent.maxlen
            at = max(now, self._sent[0] + window) if full else now
            self._sent.append(at)
            return at - now


def submit(request: JobRequest, *, limiter: SubmissionLimiter) -> Plan[dict[str, Any]]:
    """Send `request`; the outcome is the service's answer, with the job's `id` in it.

    Raises:
        InvalidInput: the params are no JSON.
        ApiError: refused; a `QuotaExceeded` when the instance's usage is over its limit.
        TransportError: no answer; `sent` says whether the job may exist. It was not sent twice.
    """
    wait = limiter.reserve()
    if wait > 0:
        log.info("waiting %.1f s before the next submission (%g a minute)", wait, limiter.per_minute)
        yield Sleep(wait)
    try:
        response = yield from fetch(jobs_api.create_job, body=request)
    except RuntimeRestError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        # Raised by the JSON encoder, before anything is sent.
        raise InvalidInput(f"params cannot be written as JSON: {error}.") from None
    created = json_object(response)
    if not isinstance(created.get("id"), str):
        raise unexpected_answer(response, "the answer to the submission names no job")
    return created
