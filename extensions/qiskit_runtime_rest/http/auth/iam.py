"""Get a bearer token for an API key from IBM Cloud's identity service (IAM).

Source: https://cloud.ibm.com/apidocs/iam-identity-token-api (operation `POST /identity/token`).
"""

from __future__ import annotations

import json
import math
import re
from typing import NamedTuple
from urllib.parse import quote_plus

from qiskit_runtime_api.http_library import httpx

from ...base.secret import Secret
from ...errors import ApiError, AuthenticationError, EdgeBlocked, RateLimited, ServerError, UnexpectedAnswer
from ..error_mapping import api_error

__all__ = ["TOKEN_PATH", "Token", "is_iam_request", "parse_token", "token_request"]

TOKEN_PATH = "/identity/token"  # noqa: S105 - a path
GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"
MARK = "qiskit_runtime_rest.iam"
CHECK_THE_KEY = "Check the API key (QISKIT_IBM_TOKEN), or create a new one on IBM Quantum Platform."
CHECK_THE_URL = "Check IAM_URL: something else than IAM answers there."
ELSEWHERE = (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED)
"""What other servers answer to a token request. With a code of IAM (`BXNIM...`), it was IAM."""
TIMED_OUT = (httpx.codes.REQUEST_TIMEOUT, 499)

REFRESH_AT = 0.8
"""Share of its life after which a token is replaced, as IBM's core library does."""

MARGIN_SECONDS = 60.0
"""A token is not used in its last minute, if its life is long enough for that."""


class Token(NamedTuple):
    """A bearer token: `value` (never shown), usable until `refresh_at` (monotonic seconds)."""

    value: str
    refresh_at: float

    def __repr__(self) -> str:
        """Never show the value."""
        return f"Token(refresh_at={self.refresh_at!r})"

    @classmethod
    def issued(cls, value: str, *, at: float, lifetime: float) -> Token:
        """A token of `lifetime` seconds (IAM's `expires_in`), requested at `at` (monotonic seconds)."""
        usable = lifetime * REFRESH_AT
        if lifetime > 2 * MARGIN_SECONDS:
            usable = min(usable, lifetime - MARGIN_SECONDS)
        return cls(Secret(value), at + usable)


def token_request(iam_url: str, *, api_key: str, like: httpx.Request) -> httpx.Request:
    """The request for a token; it has the time-outs of the request `like` that needs it."""
    return httpx.Request(
        "POST",
        iam_url.rstrip("/") + TOKEN_PATH,
        data={"grant_type": GRANT_TYPE, "apikey": api_key},
        headers={"Accept": "application/json", "User-Agent": like.headers.get("User-Agent", "qiskit-runtime-rest")},
        extensions={**like.extensions, MARK: True},
    )


def is_iam_request(request: httpx.Request) -> bool:
    """Whether `request` is a token request, sent because another request needs the token."""
    return MARK in request.extensions


def parse_token(response: httpx.Response, *, api_key: str, asked_at: float) -> Token:
    """The token in IAM's response (read already); `asked_at`: monotonic seconds before the request was sent.

    Raises:
        AuthenticationError: IAM refused; with its message and status.
        RateLimited, ServerError: it is busy, or failed. The request that needs the token was not sent.
        EdgeBlocked: the content network before IAM refused.
        UnexpectedAnswer: a success without a token in it.
    """
    if not response.is_success:
        raise _refusal(response, api_key)
    value, lifetime = _token_fields(response)
    if not value or lifetime <= 0:
        raise UnexpectedAnswer(
            "IAM answered without a usable token",
            status=response.status_code,
            solution="Check IAM_URL: something else may answer there.",
            method=response.request.method,
            url=str(response.request.url),
        )
    return Token.issued(value, at=asked_at, lifetime=lifetime)


def _refusal(response: httpx.Response, api_key: str) -> ApiError:
    error = api_error(response, secrets=(api_key, quote_plus(api_key)))
    kind = EdgeBlocked if isinstance(error, EdgeBlocked) else _kind(response.status_code)
    refused = response.is_client_error and kind is AuthenticationError
    elsewhere = error.status in ELSEWHERE and not str(error.code).startswith("BXN")
    return kind(
        f"IAM: {error.message}",
        status=error.status,
        code=error.code,
        solution=(CHECK_THE_URL if elsewhere else CHECK_THE_KEY) if refused else error.solution,
        request_id=error.request_id,
        ray_id=error.ray_id,
        retry_after=error.retry_after,
        method=error.method,
        url=error.url,
        excerpt=error.excerpt,
    )


def _kind(status: int) -> type[ApiError]:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimited
    return ServerError if httpx.codes.is_server_error(status) or status in TIMED_OUT else AuthenticationError


def _token_fields(response: httpx.Response) -> tuple[str, float]:
    try:
        body = json.loads(response.content)
        token, lifetime = body["access_token"], float(body["expires_in"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return "", 0.0
    # httpx would refuse another value as a header, in an error that shows all of it.
    usable = isinstance(token, str) and re.fullmatch(r"[!-~]+", token) is not None and lifetime < math.inf
    return (token, lifetime) if usable else ("", 0.0)
