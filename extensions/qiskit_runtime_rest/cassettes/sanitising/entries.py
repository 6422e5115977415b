"""Entries without secrets: which headers a cassette keeps, and what becomes of their values and of bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from attrs import evolve

from ...errors import RuntimeRestError
from ..entry import Entry, Headers, header
from ..har import dumps
from .fakes import Fakes
from .sanitiser import Sanitiser

__all__ = ["HOP_BY_HOP", "RESPONSE_HEADERS", "Unsanitised", "sanitised"]


class Treatment(Enum):
    """What becomes of a header's value."""

    TEXT = "secrets in it are replaced"
    CREDENTIAL = "everything after the scheme is replaced"
    OPAQUE = "the whole value is replaced"


REQUEST_HEADERS: Mapping[str, Treatment] = {
    "accept": Treatment.TEXT,
    "authorization": Treatment.CREDENTIAL,
    "content-type": Treatment.TEXT,
    "ibm-api-version": Treatment.TEXT,
    "parent-job-id": Treatment.TEXT,
    "service-crn": Treatment.TEXT,
}
"""The headers of requests that are kept; they mean something to the service."""

RESPONSE_HEADERS: Mapping[str, Treatment] = {
    "allow": Treatment.TEXT,
    "cache-control": Treatment.TEXT,
    "cf-ray": Treatment.OPAQUE,
    "content-type": Treatment.TEXT,
    "date": Treatment.TEXT,
    "deprecation": Treatment.TEXT,
    "ibm-api-version": Treatment.TEXT,
    "link": Treatment.TEXT,
    "location": Treatment.TEXT,
    "retry-after": Treatment.TEXT,
    "sunset": Treatment.TEXT,
    "transaction-id": Treatment.OPAQUE,
    "x-correlation-id": Treatment.OPAQUE,
    "x-global-transaction-id": Treatment.OPAQUE,
    "x-request-id": Treatment.OPAQUE,
}
"""The headers of responses that are kept; they mean something to a client."""

HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers for the next machine only, or about a body as it was sent."""

FORM = "application/x-www-form-urlencoded"
COOKIES = ("cookie", "set-cookie")
SHORTEST_COOKIE = 16
PASSES = 2
"""The second pass finds secrets of later entries in earlier ones."""


class Unsanitised(RuntimeRestError):
    """A secret was left in the text of a cassette; nothing was written."""


def sanitised(
    entries: Sequence[Entry], *, salt: bytes, hidden: Iterable[str] = (), moved: Mapping[str, str] | None = None
) -> tuple[list[Entry], str]:
    """The entries without secrets, and the text of their cassette.

    Args:
        entries: in the order in which they are written.
        salt: with the same one, the same secret becomes the same text in any cassette.
        hidden: texts that are known to be secret.
        moved: addresses, each with the one to write in its place.

    Raises:
        Unsanitised: a secret is left in the text.
    """
    sanitiser = Sanitiser(Fakes(salt), known=hidden, moved=moved)
    clean: list[Entry] = []
    for _ in range(PASSES):
        clean = [_sanitised_entry(one, sanitiser) for one in entries]
    document = dumps(clean)
    if sanitiser.leaks(document):
        raise Unsanitised(
            "the recording was not written: it contains a secret in a form that could not be replaced. Record a "
            "client that sends its key or token as it is, in a header or a field."
        )
    return clean, document


def _sanitised_entry(one: Entry, sanitiser: Sanitiser) -> Entry:
    if header(one.request_headers, "content-type").lower().startswith(FORM):
        request_body = sanitiser.query(one.request_body.decode("utf-8", "replace")).encode()
    else:
        request_body = sanitiser.body(one.request_body)
    return evolve(
        one,
        path=sanitiser.path(one.path),
        query=sanitiser.query(one.query) if one.query else "",
        request_headers=_headers(one.request_headers, REQUEST_HEADERS, sanitiser),
        request_body=request_body,
        response_headers=_headers(one.response_headers, RESPONSE_HEADERS, sanitiser),
        response_body=sanitiser.body(one.response_body, is_result=one.is_result),
    )


def _headers(headers: Headers, kept: Mapping[str, Treatment], sanitiser: Sanitiser) -> Headers:
    clean = []
    for name, value in headers:
        match kept.get(name):
            case Treatment.TEXT:
                clean.append((name, sanitiser.value(value)))
            case Treatment.CREDENTIAL:
                clean.append((name, sanitiser.credential(value)))
            case Treatment.OPAQUE:
                clean.append((name, sanitiser.opaque(value)))
            case None if name in COOKIES:
                for part in re.split(r"[;,=\s]+", value):
                    if len(part) >= SHORTEST_COOKIE:
                        sanitiser.opaque(part)
            case None if name not in HOP_BY_HOP:
                # The header is left out, but its value may be a secret that is repeated elsewhere.
                sanitiser.value(value, name=name)
    return tuple(sorted(clean))
