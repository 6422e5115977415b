"""Requests, responses and errors of the classic API."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

__all__ = ["ClassicAnswer", "ClassicError", "ClassicRequest", "Complaint", "read_json"]

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class ClassicRequest:
    """One classic call.

    Attributes:
        method: in capitals.
        path: as sent, without the query.
        query: its parameters, each with all its values.
        headers: by lower-case name.
        body: the bytes.
        host: the classic host it was meant for; None at a gateway.
        where: file and line of the caller's source, where known: `script.py:12`.
    """

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    host: str | None = None
    where: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClassicAnswer:
    """What the classic service would have answered."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    media_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Self:
        """An answer that is JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status=status, body=body, media_type=JSON, headers=headers or {})

    @classmethod
    def of_text(cls, text: str, *, status: int = 200) -> Self:
        """An answer that is plain text."""
        return cls(status=status, body=text.encode(), media_type=TEXT)

    def json(self) -> Any:
        """The body, parsed; raises `ValueError` when it is not JSON."""
        return json.loads(self.body)


MORE_INFO = "https://quantum.cloud.ibm.com/docs/errors"


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """A kind of error: one row of the codes below."""

    status: int
    code: int
    message: str
    solution: str


INVALID_CREDENTIALS = Complaint(
    status=401, code=1201, message="Invalid credentials.", solution="Verify your credentials and try again."
)
NOT_AUTHORIZED = Complaint(
    status=403,
    code=1200,
    message="User is not authorized.",
    solution="Only the owner may do this: use the API key it was made with.",
)
INVALID_INPUT = Complaint(
    status=400, code=1204, message="The request is not valid.", solution="Correct what the message names."
)
UNKNOWN_INSTANCE = Complaint(
    status=403,
    code=1200,
    message="No instance stands for this hub/group/project.",
    solution="Add it to the mapping from hub/group/project to CRN, or map '*'.",
)
PROGRAM_NOT_FOUND = Complaint(
    status=404, code=1500, message="Program not found.", solution="List the programs that there are."
)
PROGRAM_NOT_RUN = Complaint(
    status=400,
    code=1501,
    message="Programs of your own are kept, but not run.",
    solution="Run them with Qiskit Serverless or Qiskit Functions, or in your own process.",
)
JOB_NOT_FOUND = Complaint(status=404, code=3250, message="Job not found.", solution="Check the job id.")
NO_SUCH_CALL = Complaint(
    status=404, code=1101, message="The classic API had no such call.", solution="Check method and path."
)
REMOVED = Complaint(status=410, code=1110, message="Removed in v1.", solution="See the migration page.")
BODY_TOO_LARGE = Complaint(
    status=413, code=1111, message="The body is too large.", solution="Send less in one request."
)
UNAVAILABLE = Complaint(status=503, code=5203, message="The service cannot be reached.", solution="Try again later.")
MISCONFIGURED = Complaint(
    status=503, code=5203, message="The gateway cannot work as it is set up:", solution="Tell whoever runs it."
)
UNEXPECTED = Complaint(
    status=502, code=5203, message="The service's answer cannot be passed on.", solution="Try again later."
)


class ClassicError(Exception):
    """Raised on the way of a call; becomes its answer. Never holds a secret."""

    def __init__(
        self,
        complaint: Complaint,
        detail: str = "",
        *,
        solution: str = "",
        code: Any = None,
        status: int | None = None,
        message: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """`detail` follows the complaint's message; the rest takes the place of the complaint's own."""
        self.status = status or complaint.status
        self.code = complaint.code if code is None else code
        said = complaint.message if message is None else message
        self.message = f"{said} {detail}" if detail else said
        self.solution = solution or complaint.solution
        self.headers = headers or {}
        super().__init__(f"{self.status} {_phrase(self.status)}: {self.message}")

    def __reduce__(self) -> Any:
        """Whole, also from another process."""
        return type(self).__new__, (type(self), *self.args), vars(self)

    @property
    def answer(self) -> ClassicAnswer:
        """The answer to send."""
        error = {"code": self.code, "message": self.message, "solution": self.solution, "more_info": MORE_INFO}
        return ClassicAnswer.of_json({"errors": [error]}, status=self.status, headers=self.headers)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


LONGEST_REASON = 300


def read_json(text: bytes, *, name: str = "The body") -> Any:
    """What `text` says; complaints call it `name`.

    Raises:
        ClassicError: 400: it is not JSON, or has numbers or characters that JSON cannot hold.
    """
    try:
        value = json.loads(text)
        # Python reads more than can be sent: NaN, 1e999, halves of surrogate pairs.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise ClassicError(INVALID_INPUT, f"{name} is not JSON: {str(error)[:LONGEST_REASON]}.") from None
    return value
