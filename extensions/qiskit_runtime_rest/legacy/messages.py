"""Requests, responses and errors of the classic API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

__all__ = ["ClassicError", "ClassicRequest", "ClassicResponse", "ErrorKind", "read_json", "split_tags"]

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
MORE_INFO = "https://quantum.cloud.ibm.com/docs/errors"
LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True)
class ClassicRequest:
    """One classic request, from a socket or from a patched library.

    Attributes:
        method: in capitals.
        path: as sent, without the query.
        query: all values of each parameter.
        headers: by lower-case name.
        body: the bytes.
        host: the classic host of the URL; None at a gateway.
        where: file and line of the user's code, if known: `script.py:12`.
        gateway: the URL by which the client found the gateway.
    """

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    host: str | None = None
    where: str | None = None
    gateway: str = ""


def split_tags(values: Iterable[str]) -> list[str]:
    """The tags in a query: clients repeated the parameter, or put commas between the tags."""
    return [tag for value in values for tag in map(str.strip, value.split(",")) if tag]


@dataclass(frozen=True, kw_only=True)
class ClassicResponse:
    """A response in the form of the classic service."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    media_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Self:
        """A response with a JSON body."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status=status, body=body, media_type=JSON, headers=headers or {})

    @classmethod
    def of_text(cls, text: str) -> Self:
        """A response with plain text."""
        return cls(status=200, body=text.encode(), media_type=TEXT)

    def json(self) -> Any:
        """The parsed body. Raises: ValueError: it is not JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class ErrorKind:
    """A kind of classic error."""

    status: int
    code: int
    message: str
    solution: str


INVALID_CREDENTIALS = ErrorKind(
    status=401, code=1201, message="Invalid credentials.", solution="Verify your credentials and try again."
)
NOT_AUTHORIZED = ErrorKind(
    status=403,
    code=1200,
    message="User is not authorized.",
    solution="Only the owner may do this: use the owner's API key.",
)
INVALID_INPUT = ErrorKind(
    status=400, code=1204, message="The request is not valid.", solution="Correct the field that the message names."
)
UNKNOWN_INSTANCE = ErrorKind(
    status=403,
    code=1200,
    message="No instance is known for this hub/group/project.",
    solution="Add it to the mapping from hub/group/project to CRN, or map '*'.",
)
PROGRAM_NOT_FOUND = ErrorKind(
    status=404, code=1500, message="Program not found.", solution="List the available programs with GET /programs."
)
PROGRAM_NOT_RUN = ErrorKind(
    status=400,
    code=1501,
    message="Uploaded programs are stored, but not run.",
    solution="Run them with Qiskit Serverless or Qiskit Functions, or in your own process.",
)
JOB_NOT_FOUND = ErrorKind(status=404, code=3250, message="Job not found.", solution="Check the job id.")
NO_SUCH_CALL = ErrorKind(
    status=404, code=1101, message="The classic API had no such call.", solution="Check method and path."
)
WRONG_METHOD = ErrorKind(
    status=405, code=1101, message="The classic API had no such call.", solution="Use another method:"
)
REMOVED = ErrorKind(status=410, code=1110, message="Removed in v1.", solution="See the migration page.")
BODY_TOO_LARGE = ErrorKind(
    status=413, code=1111, message="The body is too large.", solution="Send less in one request."
)
COMPRESSION = ErrorKind(
    status=415, code=1204, message="The body's compression cannot be read.", solution="Send it plain, or with gzip."
)
UNAVAILABLE = ErrorKind(status=503, code=5203, message="The service cannot be reached.", solution="Try again later.")
MISCONFIGURED = ErrorKind(
    status=503,
    code=5203,
    message="The gateway's configuration does not work:",
    solution="Correct the settings of the gateway.",
)
UNEXPECTED = ErrorKind(
    status=502,
    code=5203,
    message="The service's response cannot be translated.",
    solution="Try again later.",
)


class ClassicError(Exception):
    """An error of a classic call; it becomes the response. It never holds a secret."""

    def __init__(
        self,
        kind: ErrorKind,
        detail: str = "",
        *,
        solution: str = "",
        code: Any = None,
        status: int | None = None,
        message: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """`detail` is appended to the message; the other arguments replace the values of `kind`."""
        self.status = status or kind.status
        self.code = kind.code if code is None else code
        text = kind.message if message is None else message
        self.message = f"{text} {detail}" if detail else text
        self.solution = solution or kind.solution
        self.headers = headers or {}
        super().__init__(f"{self.status} {_phrase(self.status)}: {self.message}")

    def __reduce__(self) -> Any:
        """Pickle all attributes: the transpiler's process sends errors back."""
        return type(self).__new__, (type(self), *self.args), vars(self)

    @property
    def response(self) -> ClassicResponse:
        """The response to send."""
        error = {"code": self.code, "message": self.message, "solution": self.solution, "more_info": MORE_INFO}
        return ClassicResponse.of_json({"errors": [error]}, status=self.status, headers=self.headers)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def read_json(text: bytes, *, name: str = "The body") -> Any:
    """Parse JSON that can be sent on to v1.

    Args:
        text: the JSON.
        name: the name of the value in error messages.

    Raises:
        ClassicError: 400: it is not JSON, or has numbers or characters that JSON cannot hold.
    """
    try:
        value = json.loads(text)
        # Python also reads what cannot be sent: NaN, 1e999, halves of surrogate pairs.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise ClassicError(INVALID_INPUT, f"{name} is not JSON: {str(error)[:LONGEST_REASON]}.") from None
    return value
