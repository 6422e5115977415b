"""Map error responses to typed exceptions.

Source: schemas `ErrorContainer` and `GenericErrorDto` of the contract, the service's page of error codes
(https://quantum.cloud.ibm.com/docs/errors), and the pages of the content network before the service.
"""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from qiskit_runtime_api.http_library import httpx

from .. import errors
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
    1279: errors.AuthenticationError,
    1291: errors.NotFound,
    1352: errors.PermissionDenied,
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
"""Seconds. A longer wait is a mistake of a proxy, and could last for years."""


class Model(Protocol):
    """A generated model."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read it from its JSON."""


M = TypeVar("M", bound=Model)


class _Details(NamedTuple):
    """The members of an error body, in any of its shapes."""

    message: str | None = None
    code: int | str | None = None
    solution: str | None = None
    more_info: str | None = None
    trace: str | None = None


def api_error(response: httpx.Response, *, secrets: Sequence[str] = ()) -> ApiError:
    """The error for `response`, which has an error status and was read. Never fails, whatever the body is.

    The request's credentials, and `secrets`, are blanked where the response repeats them.
    """
    secrets = _secrets(response, secrets)
    details = _details(_blanked(_text(response), secrets), secrets)
    at_edge = "CF-RAY" in response.headers and details.message is None
    kind = _kind(response, details, at_edge=at_edge)
    location = response.headers.get("Location") if response.is_redirect else None
    fallback = f"the service redirects to {location}" if location else _standard_phrase(response, at_edge=at_edge)
    return kind(
        details.message or _line(_blanked(fallback, secrets)) or "",
        status=response.status_code,
        code=details.code,
        solution=details.solution or (REDIRECTS if location else ADVICE.get(kind)),
        more_info=details.more_info,
        trace=details.trace,
        request_id=_first_header(response, REQUEST_ID_HEADERS, secrets),
        ray_id=_first_header(response, RAY_ID_HEADERS, secrets),
        retry_after=retry_after(response),
        method=response.request.method,
        url=str(response.request.url),
        excerpt=excerpt(response, secrets=secrets) if details.message is None else None,
    )


def unexpected_answer(response: httpx.Response, why: str) -> errors.UnexpectedAnswer:
    """The error for a success whose body (read already) violates the contract."""
    return errors.UnexpectedAnswer(
        why,
        status=response.status_code,
        solution="If it persists, a proxy or the wrong base_url may answer in the service's place.",
        request_id=_first_header(response, REQUEST_ID_HEADERS, _secrets(response)),
        ray_id=_first_header(response, RAY_ID_HEADERS, _secrets(response)),
        method=response.request.method,
        url=str(response.request.url),
        excerpt=excerpt(response) or "(empty)",
    )


def modelled(model: type[M], raw: Mapping[str, Any], *, what: str) -> M:
    """The generated `model` of the JSON `raw`; `what` names it in errors.

    Raises:
        UnexpectedAnswer: it violates the contract.
    """
    try:
        return model.from_dict(raw)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        why = f"the data of {what} is not what the contract promises ({type(error).__name__}: {error})"
        raise errors.UnexpectedAnswer(why, status=httpx.codes.OK, solution="The data is in `raw`.") from error


def retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait by the header `Retry-After` (a number or a date), an hour at most; None without one."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_RETRY_AFTER)
    try:
        date = email.utils.parsedate_to_datetime(value)
        return min(max(0.0, date.timestamp() - time.time()), LONGEST_RETRY_AFTER)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def excerpt(response: httpx.Response, *, secrets: Sequence[str] = ()) -> str | None:
    """The start of the body, on one line, with credentials blanked; None when it is empty."""
    # Blanked before it is cut: half a credential would not be recognised.
    return _line(_blanked(_text(response), _secrets(response, secrets)), EXCERPT_CHARACTERS)


def _kind(response: httpx.Response, details: _Details, *, at_edge: bool) -> type[ApiError]:
    if at_edge and response.status_code == httpx.codes.FORBIDDEN:
        return errors.EdgeBlocked
    if details.code in BY_CODE:
        return BY_CODE[details.code]
    is_submission = (response.request.method, response.request.url.path[-len(QUOTA_OPERATION[1]) :]) == QUOTA_OPERATION
    if is_submission and response.status_code == httpx.codes.CONFLICT:
        return errors.QuotaExceeded
    return BY_STATUS.get(response.status_code, errors.ServerError if response.status_code >= 500 else ApiError)


def _details(body: str, secrets: Sequence[str]) -> _Details:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _Details()
    if not isinstance(value, dict):
        return _Details(message=_line(_blanked(value, secrets))) if isinstance(value, str) else _Details()
    listed = value.get("errors")
    first = listed[0] if isinstance(listed, list) and listed else value
    if isinstance(first, str):
        first = {"message": first}
    elif isinstance(first, dict) and isinstance(first.get("error"), dict):
        first = first["error"]
    if not isinstance(first, dict):
        return _Details()
    messages = ("message", "errorMessage", "error_description", "detail", "error", "title")
    return _Details(
        message=_first_text(first, messages, secrets),
        code=_code(first.get("code", first.get("errorCode")), secrets),
        solution=_first_text(first, ("solution",), secrets),
        more_info=_first_text(first, ("more_info", "moreInfo"), secrets),
        trace=_first_text(value, ("trace",), secrets),
    )


def _first_text(value: dict[str, Any], names: Sequence[str], secrets: Sequence[str]) -> str | None:
    texts = (value[name] for name in names if isinstance(value.get(name), str))
    return next((line for text in texts if (line := _line(_blanked(text, secrets)))), None)


def _first_header(response: httpx.Response, names: Sequence[str], secrets: Sequence[str]) -> str | None:
    return next((_line(_blanked(response.headers[name], secrets)) for name in names if name in response.headers), None)


def _code(value: object, secrets: Sequence[str]) -> int | str | None:
    """The service's code: a number, a number in a string, or a word."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return _line(_blanked(str(value), secrets))


def _standard_phrase(response: httpx.Response, *, at_edge: bool) -> str:
    where = "the content network before the service" if at_edge else "the service"
    phrase = f" {response.reason_phrase}" if response.reason_phrase else ""
    return f"{where} answered {response.status_code}{phrase} without saying why"


def _text(response: httpx.Response) -> str:
    return response.content.decode("utf-8-sig", errors="replace")


def _line(text: str, most: int = MESSAGE_CHARACTERS) -> str | None:
    """`text` as one printable line of at most `most` characters; None when nothing is left."""
    # Cut first, so that huge bodies are not split; ten times as much, since white space is removed.
    line = printable(" ".join(text[: 10 * most].split()))
    return line[:most] + "…" if len(line) > most else line or None


def _secrets(response: httpx.Response, secrets: Sequence[str] = ()) -> tuple[str, ...]:
    from ..base.redaction import credentials

    return (*secrets, *credentials(response))


def _blanked(text: str, secrets: Sequence[str]) -> str:
    # Loaded with the first error, since its patterns take a millisecond to compile.
    from ..base.redaction import blanked

    return blanked(text, secrets)
