"""The errors of the emulated service: one table, one exception, one body.

Codes follow the service's published error code registry. A status or code that the registry does not give is
marked with [?] in its comment.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

__all__ = ["ErrorKind", "ServiceError", "error_body"]

_MORE_INFO = "https://quantum.cloud.ibm.com/docs/errors"


@frozen
class ErrorKind:
    """One row of the table: the service's code, the usual HTTP status, the fixed text."""

    code: int
    status: int
    message: str
    solution: str


INTERNAL_ERROR = ErrorKind(1000, 500, "API internal error.", "Try again. If the error stays, report it.")
NOT_AUTHORIZED = ErrorKind(
    1200, 403, "Not authorized to perform this action.", "Use an instance that this API key has access to."
)
INVALID_CREDENTIALS = ErrorKind(
    1201, 401, "Invalid credentials.", "Exchange the API key for a new bearer token and try again."
)
NOT_AUTHENTICATED = ErrorKind(
    1219,
    401,
    "The user could not be authenticated.",
    "Send 'Authorization: Bearer <token>' and 'Service-CRN: <crn>' with each request.",
)
TOO_MANY_REQUESTS = ErrorKind(
    1202, 429, "Too many requests.", "Lower the request rate and try again after the time in Retry-After."
)
TOO_MANY_TAGS = ErrorKind(1204, 400, "Too many job tags.", "Remove tags and try again.")
TAG_TOO_LONG = ErrorKind(1205, 400, "A job tag is too long.", "Shorten the tag and try again.")
BACKEND_NOT_FOUND = ErrorKind(
    1007, 404, "Backend not found.", "Choose one of the names that GET /v1/backends lists for this instance."
)
BACKEND_RESERVED = ErrorKind(1233, 423, "The backend is reserved.", "Use another backend, or try again later.")
JOB_NOT_FOUND = ErrorKind(3250, 404, "Job not found.", "Check the job id and the instance that it ran in.")
JOB_NOT_CANCELLED = ErrorKind(3208, 409, "Job not cancelled.", "Only a queued or running job can be cancelled.")
JOB_NOT_FINAL = ErrorKind(
    3209, 400, "The job has not ended yet.", "Cancel the job or wait for its end, then delete it."
)
JOB_NOT_VALID = ErrorKind(3211, 400, "Job not valid.", "Correct the job and send it again.")
PROGRAM_NOT_FOUND = ErrorKind(  # the code is a guess [?]
    3211, 404, "Program not found.", "Use sampler, estimator, executor, noise-learner or noise-learner-v3."
)
PAYLOAD_NOT_VALID = ErrorKind(3220, 400, "Payload not valid.", "Correct the request as the message says.")
TOO_MANY_PENDING_JOBS = ErrorKind(  # the status is a guess [?]
    3458, 429, "Too many pending jobs.", "Wait until some of the pending jobs have ended, or cancel them."
)
SESSION_CLOSED = ErrorKind(  # the status is a guess [?]
    4001, 409, "The session is closed or does not accept jobs.", "Create a new session."
)
SESSION_NOT_FOUND = ErrorKind(4002, 404, "Session not found.", "Check the session id.")  # a guess [?]
SESSION_NOT_ALLOWED = ErrorKind(  # the code is a guess [?]
    4003, 400, "The plan of this instance has no dedicated sessions.", "Use mode 'batch'."
)
QUOTA_USED_UP = ErrorKind(
    4317,
    409,
    "The usage limit of this instance is reached.",
    "Raise the instance's limit, use another instance, or wait for the next usage period.",
)
NOT_FOUND = ErrorKind(2404, 404, "Not found.", "Check the path against the API reference.")
NO_SUCH_METHOD = ErrorKind(2411, 405, "Method not allowed.", "Use one of the methods named in the Allow header.")
BODY_TOO_LARGE = ErrorKind(1001, 413, "The request body is too large.", "Send smaller jobs, or raise the limit.")
UNKNOWN_VERSION = ErrorKind(
    3220, 400, "IBM-API-Version is not a known API version.", "Use one of the dates of GET /v1/versions."
)
NO_LONGER_SERVED = ErrorKind(
    2404, 404, "This API version no longer has this endpoint.", "Leave it out, or ask for an older IBM-API-Version."
)


@frozen
class ServiceError(Exception):
    """The service refuses a request. `detail` describes the case; `routing` turns the error into a response."""

    kind: ErrorKind
    detail: str = ""
    headers: Mapping[str, str] = field(factory=dict)

    @property
    def message(self) -> str:
        """The text of the table, and the detail."""
        return f"{self.kind.message} {self.detail}".rstrip()


def error_body(kind: ErrorKind, *, message: str = "", numeric: bool = False) -> dict[str, Any]:
    """Build the documented error body (`ErrorContainer`; `GenericErrorDto` with a numeric code)."""
    entry = {
        "code": kind.code if numeric else str(kind.code),
        "message": message or kind.message,
        "solution": kind.solution,
        "more_info": f"{_MORE_INFO}#error{kind.code}",
    }
    return {"errors": [entry], "trace": str(uuid.uuid4())}
