"""Which headers a cassette keeps: those that mean something to a client. All others are left out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

__all__ = ["ANSWERED", "ASKED", "HOP_BY_HOP", "Treatment"]


class Treatment(Enum):
    """What becomes of a header's value."""

    TEXT = "what is secret in it is replaced"
    CREDENTIAL = "all after the scheme is replaced"
    OPAQUE = "replaced"


ASKED: Mapping[str, Treatment] = {
    "accept": Treatment.TEXT,
    "authorization": Treatment.CREDENTIAL,
    "content-type": Treatment.TEXT,
    "ibm-api-version": Treatment.TEXT,
    "parent-job-id": Treatment.TEXT,
    "service-crn": Treatment.TEXT,
}
"""Of requests."""

ANSWERED: Mapping[str, Treatment] = {
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
"""Of answers."""

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
"""What is said to the next machine only, or of a body as it was sent."""
