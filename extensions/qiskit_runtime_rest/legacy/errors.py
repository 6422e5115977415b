"""Errors as the classic API sent them: status, code, message and solution, in its body."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .exchange import ClassicAnswer

__all__ = ["ClassicError", "Complaint"]

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
