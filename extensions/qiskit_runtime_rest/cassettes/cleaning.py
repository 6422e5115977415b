"""An exchange as it may be kept: what is secret replaced, what means nothing to a client left out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import evolve

from .exchange import Exchange, Headers, header
from .headers import ANSWERED, ASKED, HOP_BY_HOP, Treatment
from .sanitise import Sanitiser

__all__ = ["cleaned"]

FORM = "application/x-www-form-urlencoded"
COOKIES = ("cookie", "set-cookie")
SHORTEST_COOKIE = 16


def cleaned(one: Exchange, sanitiser: Sanitiser) -> Exchange:
    """The exchange without secrets, as far as the sanitiser has met them: see there."""
    if header(one.asked, "content-type").lower().startswith(FORM):
        sent = sanitiser.query(one.sent.decode("utf-8", "replace")).encode()
    else:
        sent = sanitiser.body(one.sent)
    return evolve(
        one,
        path=sanitiser.path(one.path),
        query=sanitiser.query(one.query) if one.query else "",
        asked=_headers(one.asked, ASKED, sanitiser),
        sent=sent,
        answered=_headers(one.answered, ANSWERED, sanitiser),
        body=sanitiser.body(one.body, is_result=one.is_result),
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
                # It is left out, but may be a secret that is repeated elsewhere.
                sanitiser.value(value, name=name)
    return tuple(sorted(clean))
