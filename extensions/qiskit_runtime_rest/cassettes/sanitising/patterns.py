"""Patterns that reveal a secret: its looks, or the name of its field, header or parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ...base.redaction import LOOKS

__all__ = [
    "API_KEY",
    "FORM",
    "HIGH_ENTROPY",
    "INNER_NAMES",
    "KINDS",
    "MARKS",
    "NUMBER",
    "PACKED_NAMES",
    "STATED_NAMES",
    "STRONG",
    "is_credential",
    "is_secret",
]

HIGH_ENTROPY = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[\w+/=~.-]{40,}", re.ASCII)
API_KEY = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[\w-]{43,48}", re.ASCII)
"""For a whole text. Within a text, only keys of the length of IBM Cloud's count; see "key" in `KINDS`."""

FORM = re.compile(r"[\w.%\[\]+-]{1,100}=[^&\s]*(?:&[\w.%\[\]+-]{1,100}=[^&\s]*)*")
"""A body that is a form, whatever its content type."""

NUMBER = re.compile(r"(?<![\w.+-])\d{4,}(?![\w.])", re.ASCII)
"""A number that may be an id; smaller ones stand for too many things."""

STRONG = re.compile(rb"\beyJ[\w-]{5,}\.eyJ[\w-]{5,}\.|IBMid-\w{6,}|crn:v1:\w+:\w+:|iam-ServiceId-")

OPENS = r"(?i:(?:api|access|hmac|private|secret)[_-]?keys?|tokens?|passw(?:or)?ds?|passcodes?|secrets?|signatures?)"
UNQUOTED = r"[^\s\"'&,;<>()\[\]{}\\]"

KINDS: Mapping[str, str] = {
    "query": r"[?#](?=[\w.~%\[\]+-]{1,100}=)[^\s\"'<>\\#]+",
    "userinfo": r"(?<=://)[^\s/@:\"'<>\\]{0,200}:[^\s/@\"'<>\\]{1,200}(?=@)",
    "percent": r"(?<![\w.~+-])[\w.~+-]*(?:%[0-9A-Fa-f]{2}[\w.~+-]*)+",
    "token": LOOKS["token"].pattern,
    "credential": f"(?i:{LOOKS['credential'].pattern})",
    "basic": r"(?i:(?<=\bbasic ))[A-Za-z0-9+/]{8,}={0,2}",
    "assigned": (
        rf"(?<![\w+/.-])[\w+/.-]{{0,60}}?{OPENS}(?:\[\])?'?\s{{0,3}}[:=]\s{{0,3}}'?"
        # Without quotes, a value needs a digit: "the token: expired" has none.
        rf"(?P<assigned_value>(?<=')[^'\\]{{1,500}}(?=')|(?={UNQUOTED}{{0,200}}?\d){UNQUOTED}{{5,}}(?<![.:!?]))"
    ),
    "looks": "|".join(f"(?i:{looks.pattern})" for name, looks in LOOKS.items() if name not in ("token", "credential")),
    "key": r"(?<![\w+/-])(?=[\w-]{44}(?![\w+/=%-]))(?=[^a-z]{0,43}[a-z])(?=[^A-Z]{0,43}[A-Z])(?=\D{0,43}\d)[\w-]{44}",
    "address": (
        r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:.])"
    ),
    "base64": r"[\w+/-]{11,}={0,2}",
}
"""Parts of a text that may be a secret or contain one; where two of them fit, the first counts."""

MARKS: Mapping[str, re.Pattern[str]] = {
    "query": re.compile("[?#]"),
    "userinfo": re.compile("://"),
    "percent": re.compile("%"),
    "assigned": re.compile(OPENS),
}
"""A text without its mark has no part of that kind. Kinds without a mark are always looked for."""

CREDENTIALS = re.compile(
    r"(?:\wkey(?:ids?)?|(?:api|access|hmac|private|secret)keys|tokens?|passw(?:or)?ds?|passcodes?|secrets?|credentials?"
    r"|(?<!instruction)signatures?|authorization|cookies?|^sig)$"
)
"""Names of credentials. Names are compared in lower case, without anything but letters and digits. A device's
`instruction_signatures` say what its instructions take."""

IDENTITIES = re.compile(
    r"(?:(?:user|account|owner|creator|iam|ims|realm)ids?|username"
    r"|^(?:user|bss|bssaccount|ims|iui|sub|account|accountowner|owner|creator|createdby|updatedby|e?mail|givenname"
    r"|familyname|trace|transactionid|requestid))$"
)
"""Names of identities: of a person, an account or a request."""

PACKED_NAMES = frozenset({"__value__", "circuit_b64"})
"""Names of packed values, which may look like anything."""

INNER_NAMES = frozenset({"id", "name", "value"})
"""Names in an object that mean the same as the object's own name: `{"token": {"value": ...}}`."""

STATED_NAMES = frozenset({"key", "name"})
"""Names in an object whose value is the name of another value: `{"name": "apikey", "value": ...}`."""


@lru_cache(maxsize=10_000)
def is_credential(name: str) -> bool:
    """Whether a value of this name is a credential."""
    return CREDENTIALS.search(_plain(name)) is not None


@lru_cache(maxsize=10_000)
def is_secret(name: str) -> bool:
    """Whether a value of this name is a credential or an identity."""
    return is_credential(name) or IDENTITIES.search(_plain(name)) is not None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
