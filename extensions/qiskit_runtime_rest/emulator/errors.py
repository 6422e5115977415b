"""The errors of the emulated service: one table, one exception, one body.

Codes follow the service's published error code registry. Rows with `seen` have the status, code and texts that the
live service was seen to send. Rows made by `_guess` have a status or code that is not published.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

__all__ = ["ErrorKind", "ServiceError", "error_body"]

_MORE_INFO = "https://cloud.ibm.com/apidocs/quantum-computing#error-handling"


@frozen
class ErrorKind:
    """One row of the table: the service's code, the usual HTTP status, the fixed text."""

    code: int
    status: int
    message: str
    solution: str = ""
    """Empty for the errors that the live service sends without one."""
    seen: bool = field(default=False, kw_only=True)
    """The live service was seen to send it, so its status stays where the contract does not document it."""


def _guess(code: int, status: int, message: str, solution: str = "", *, seen: bool = False) -> ErrorKind:
    """A row whose code or status is not published: it takes the registry's entry that fits best.

    `seen`: the rest was seen, and only the code is a guess.
    """
    return ErrorKind(code, status, message, solution, seen=seen)


INTERNAL_ERROR = ErrorKind(1000, 500, "API internal error.", "Try again.")
NOT_STORED = ErrorKind(1000, 500, "API internal error.", "Make room for the state file of the emulator, and try again.")
NOT_AUTHORIZED = ErrorKind(
    1200, 403, "You are not authorized to perform this action.", "Try again or contact support.", seen=True
)
INSTANCE_NOT_FOUND = ErrorKind(
    1279,
    404,
    "Instance {crn} not found",
    "Check that Service-CRN names an instance of this account, and that the host is that of the instance's region.",
    seen=True,
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
BACKEND_NOT_FOUND = _guess(1007, 404, "device not found", seen=True)
BACKEND_OFFLINE = _guess(1232, 409, "The backend is offline.", "Use another backend, or try again later.")
BACKEND_RESERVED = ErrorKind(1233, 423, "The backend is reserved.", "Use another backend, or try again later.")
JOB_NOT_FOUND = ErrorKind(
    1291,
    404,
    "Job not found. Job ID: {job_id}",
    "Verify the job ID is correct and that you have the correct access permissions.",
    seen=True,
)
LOGS_NOT_FOUND = _guess(2404, 404, "logs not found", seen=True)
CALIBRATION_NOT_ALLOWED = _guess(
    1200, 403, "You are not authorized to use custom calibrations with your current service plan"
)
JOB_NOT_CANCELLED = ErrorKind(3208, 409, "Job not cancelled.", "Only a queued or running job can be cancelled.")
JOB_NOT_FINAL = ErrorKind(
    3209, 400, "The job has not ended yet.", "Cancel the job or wait for its end, then delete it."
)
PROGRAM_NOT_FOUND = _guess(
    3211, 404, "Program not found.", "Use sampler, estimator, executor, noise-learner or calibrate."
)
PAYLOAD_NOT_VALID = ErrorKind(3220, 400, "Payload not valid.", "Correct the request as the message says.")
JOB_TAGS_NOT_VALID = _guess(3220, 400, "Payload not valid.", "Correct the request.", seen=True)
TAG_SEARCH_TOO_SHORT = _guess(3220, 400, "Bad Request", seen=True)
TOO_MANY_PENDING_JOBS = _guess(
    3458, 429, "Too many pending jobs.", "Wait until some of the pending jobs have ended, or cancel them."
)
SESSION_CLOSED = _guess(4001, 409, "The session is closed or does not accept jobs.", "Create a new session.")
SESSION_NOT_FOUND = _guess(4002, 404, "Session not found.", "Check the session id.")
SESSION_NOT_ALLOWED = ErrorKind(
    1352,
    400,
    "You are not authorized to run a session when using the open plan.",
    "Create an instance of a different plan type or use a different execution mode.",
    seen=True,
)
UNKNOWN_MODE = _guess(1000, 500, "Internal server error", seen=True)
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
    """A sentence after the text of the table."""
    headers: Mapping[str, str] = field(factory=dict)
    values: Mapping[str, str] = field(factory=dict)
    """What the placeholders in the text of the table stand for."""

    @property
    def message(self) -> str:
        """The text of the table, and the detail."""
        return f"{self.kind.message.format_map(self.values)} {self.detail}".rstrip()


def error_body(kind: ErrorKind, *, message: str = "") -> dict[str, Any]:
    """Build the body of an error, as the live service sends it: the code is a number."""
    entry: dict[str, Any] = {"code": kind.code, "message": message or kind.message}
    if kind.solution:
        entry["solution"] = kind.solution
    return {"errors": [{**entry, "more_info": _MORE_INFO}], "trace": str(uuid.uuid4())}
