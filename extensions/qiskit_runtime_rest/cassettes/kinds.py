"""What in a text may be a secret, or hold one, by its looks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..base.redaction import LOOKS

__all__ = ["API_KEY", "FORM", "HIGH_ENTROPY", "KINDS", "MARKS", "NUMBER", "STRONG"]

HIGH_ENTROPY = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[\w+/=~.-]{40,}", re.ASCII)
API_KEY = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[\w-]{43,48}", re.ASCII)
"""A text that is nothing else; within a text, only what has the length of IBM Cloud's keys counts."""

FORM = re.compile(r"[\w.%\[\]+-]{1,100}=[^&\s]*(?:&[\w.%\[\]+-]{1,100}=[^&\s]*)*")
"""A body that is a form, whatever it is said to be."""

NUMBER = re.compile(r"(?<![\w.+-])\d{4,}(?![\w.])", re.ASCII)
"""A number that may be an id; smaller ones are of too many things."""

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
        # What has no quotes needs a digit: "the token: expired" names none.
        rf"(?P<assigned_value>(?<=')[^'\\]{{1,500}}(?=')|(?={UNQUOTED}{{0,200}}?\d){UNQUOTED}{{5,}}(?<![.:!?]))"
    ),
    "looks": "|".join(f"(?i:{looks.pattern})" for name, looks in LOOKS.items() if name not in ("token", "credential")),
    "key": r"(?<![\w+/-])(?=[\w-]{44}(?![\w+/=%-]))(?=[^a-z]{0,43}[a-z])(?=[^A-Z]{0,43}[A-Z])(?=\D{0,43}\d)[\w-]{44}",
    "address": (
        r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:.])"
    ),
    "base64": r"[\w+/-]{11,}={0,2}",
}
"""What may be a secret or hold one, wherever it stands; where two of them fit, the first counts."""

MARKS: Mapping[str, re.Pattern[str]] = {
    "query": re.compile("[?#]"),
    "userinfo": re.compile("://"),
    "percent": re.compile("%"),
    "assigned": re.compile(OPENS),
}
"""What a text has that holds one of the kind; those that are not named may be in any."""
