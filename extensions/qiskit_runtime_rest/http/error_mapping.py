"""Map error responses to typed exceptions.

Source: schemas `ErrorContainer` and `GenericErrorDto` of the contract, the service's page of error codes
(https://quantum.cloud.ibm.com/docs/errors), and the pages that the content network before it sends.
"""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import httpx

from .. import errors
from ..base.redaction import blanked, credentials
from ..base.text import printable
from ..errors import ApiError

__all__ = ["api_error", "excerpt", "modelled", "retry_after", "unexpected_answer"]

BY_CODE: dict[int | str, type[ApiError]] = {
    1200: errors.AuthenticationError,
    1201: errors.AuthenticationError,
    1202: errors.RateLimited,
    1204: errors.InvalidRequest,
    1205: errors.InvalidRequest,
    1219: errors.AuthenticationError,
    1233: errors.BackendReserved,
    3250: errors.NotFound,
    3458: errors.PendingJobsLimit,
    4001: errors.SessionClosed,
    4317: errors.QuotaExceeded,
}

BY_STATUS: dict[int, type[ApiError]] = {
    400: errors.InvalidRequest,
    401: errors.AuthenticationError,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    408: errors.ServerError,
    409: errors.Conflict,
    413: errors.InvalidRequest,
    415: errors.InvalidRequest,
    422: errors.InvalidRequest,
    423: errors.BackendReserved,
    429: errors.RateLimited,
    499: errors.ServerError,
}

ADVICE: dict[type[ApiError], str] = {
    errors.AuthenticationError: "Check the API key (QISKIT_IBM_TOKEN) and the instance (QISKIT_IBM_INSTANCE).",
    errors.PermissionDenied: "Check that the API key has access to this instance (QISKIT_IBM_INSTANCE).",
    errors.EdgeBlocked: (
        "The content network before the service refused the request: another network, a proxy or fewer requests may "
        "help; give the Ray ID to the service's support."
    ),
}

REDIRECTS = "This client follows no redirects, so that the token stays with the host you chose: check base_url."
QUOTA_OPERATION = ("POST", "/v1/jobs")
REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "X-Global-Transaction-Id", "Transaction-Id")
RAY_ID_HEADERS = ("CF-RAY",)
EXCERPT_CHARACTERS = 200
MESSAGE_CHARACTERS = 1000
LONGEST_RETRY_AFTER = 3600.0
"""Seconds. Nobody means more: it would be the slip of a proxy, and a wait would sleep through it for years."""


class Model(Protocol):
    """A generated model."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read it from its JSON."""


M = TypeVar("M", bound=Model)


class _Said(NamedTuple):
    """What the body of an error answer says, whatever its shape."""

    message: str | None = None
    code: int | str | None = None
    solution: str | None = None
    more_info: str | None = None
    trace: str | None = None


def api_error(response: httpx.Response, *, secrets: Sequence[str] = ()) -> ApiError:
    """The error for `response`, whose status says error and whose body was read. Never fails, whatever the body is.

    The request's own credentials, and `secrets`, are blanked wherever the answer echoes them.
    """
    secrets = (*secrets, *credentials(response))
    said = _said(blanked(_text(response), secrets), secrets)
    at_edge = "CF-RAY" in response.headers and said.message is None
    kind = _kind(response, said, at_edge=at_edge)
    location = response.headers.get("Location") if response.is_redirect else None
    fallback = f"the service redirects to {location}" if location else _standard_phrase(response, at_edge=at_edge)
    return kind(
        said.message or _line(blanked(fallback, secrets)) or "",
        status=response.status_code,
        code=said.code,
        solution=said.solution or (REDIRECTS if location else ADVICE.get(kind)),
        more_info=said.more_info,
        trace=said.trace,
        request_id=_first_header(response, REQUEST_ID_HEADERS, secrets),
        ray_id=_first_header(response, RAY_ID_HEADERS, secrets),
        retry_after=retry_after(response),
        method=response.request.method,
        url=str(response.request.url),
        excerpt=excerpt(response, secrets=secrets) if said.message is None else None,
    )


def unexpected_answer(response: httpx.Response, why: str) -> errors.UnexpectedAnswer:
    """The error for a success whose body (read already) is not what the contract promises."""
    return errors.UnexpectedAnswer(
        why,
        status=response.status_code,
        solution="If it persists, a proxy or the wrong base_url may answer in the service's place.",
        request_id=_first_header(response, REQUEST_ID_HEADERS, credentials(response)),
        ray_id=_first_header(response, RAY_ID_HEADERS, credentials(response)),
        method=response.request.method,
        url=str(response.request.url),
        excerpt=excerpt(response) or "(empty)",
    )


def modelled(model: type[M], raw: Mapping[str, Any], *, what: str) -> M:
    """The generated `model` of JSON that was read earlier; `what` it is of.

    Raises:
        UnexpectedAnswer: the service left out, or told otherwise, what the contract promises.
    """
    try:
        return model.from_dict(raw)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        why = f"what the service told of {what} is not what the contract promises ({type(error).__name__}: {error})"
        raise errors.UnexpectedAnswer(why, status=httpx.codes.OK, solution="What it told is in `raw`.") from error


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the header `Retry-After` asks to wait (a number or a date), an hour at most; None without one."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_RETRY_AFTER)
    try:
        date = email.utils.parsedate_to_datetime(value)
        return min(max(0.0, date.timestamp() - time.time()), LONGEST_RETRY_AFTER)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def excerpt(response: httpx.Response, *, secrets: Sequence[str] = ()) -> str | None:
    """The start of the body, on one line, without credentials it may echo; None when it is empty."""
    # Blanked before it is cut: a credential that the cut goes through would not be recognised.
    return _line(blanked(_text(response), (*secrets, *credentials(response))), EXCERPT_CHARACTERS)


def _kind(response: httpx.Response, said: _Said, *, at_edge: bool) -> type[ApiError]:
    if at_edge and response.status_code == httpx.codes.FORBIDDEN:
        return errors.EdgeBlocked
    if said.code in BY_CODE:
        return BY_CODE[said.code]
    is_submission = (response.request.method, response.request.url.path[-len(QUOTA_OPERATION[1]) :]) == QUOTA_OPERATION
    if is_submission and response.status_code == httpx.codes.CONFLICT:
        return errors.QuotaExceeded
    return BY_STATUS.get(response.status_code, errors.ServerError if response.status_code >= 500 else ApiError)


def _said(body: str, secrets: Sequence[str]) -> _Said:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _Said()
    if not isinstance(value, dict):
        return _Said(message=_line(blanked(value, secrets))) if isinstance(value, str) else _Said()
    listed = value.get("errors")
    first = listed[0] if isinstance(listed, list) and listed else value
    if isinstance(first, str):
        first = {"message": first}
    elif isinstance(first, dict) and isinstance(first.get("error"), dict):
        first = first["error"]
    if not isinstance(first, dict):
        return _Said()
    messages = ("message", "errorMessage", "error_description", "detail", "error", "title")
    return _Said(
        message=_first_text(first, messages, secrets),
        code=_code(first.get("code", first.get("errorCode")), secrets),
        solution=_first_text(first, ("solution",), secrets),
        more_info=_first_text(first, ("more_info", "moreInfo"), secrets),
        trace=_first_text(value, ("trace",), secrets),
    )


def _first_text(value: dict[str, Any], names: Sequence[str], secrets: Sequence[str]) -> str | None:
    texts = (value[name] for name in names if isinstance(value.get(name), str))
    return next((line for text in texts if (line := _line(blanked(text, secrets)))), None)


def _first_header(response: httpx.Response, names: Sequence[str], secrets: Sequence[str]) -> str | None:
    return next((_line(blanked(response.headers[name], secrets)) for name in names if name in response.headers), None)


def _code(value: object, secrets: Sequence[str]) -> int | str | None:
    """The service's code, which comes as a number, a number in a string, or a word."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return _line(blanked(str(value), secrets))


def _standard_phrase(response: httpx.Response, *, at_edge: bool) -> str:
    where = "the content network before the service" if at_edge else "the service"
    phrase = f" {response.reason_phrase}" if response.reason_phrase else ""
    return f"{where} answered {response.status_code}{phrase} without saying why"


def _text(response: httpx.Response) -> str:
    return response.content.decode("utf-8-sig", errors="replace")


def _line(text: str, most: int = MESSAGE_CHARACTERS) -> str | None:
    """`text` as one line that can be printed anywhere, cut to `most` characters; None when nothing is left."""
    # The cut before spares huge bodies the split; much of what is cut off may be white space.
    line = printable(" ".join(text[: 10 * most].split()))
    return line[:most] + "…" if len(line) > most else line or None
