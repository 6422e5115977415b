"""Find and hide credentials and personal identifiers in texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_runtime_api.http_library import httpx

__all__ = ["LOOKS", "blanked", "credentials"]

LOOKS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "crn": re.compile(r"crn(?::|%3A)v1(?::|%3A)[^\s\"'&?\\<>]+", re.IGNORECASE),
        "token": re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}"),
        "credential": re.compile(r"(?:(?<=\bbearer )|(?<=\bapikey ))(?=[^\s\"',}]*\d)[^\s\"',}\\]{8,}", re.IGNORECASE),
        "user": re.compile(r"\b(?:IBMid|iam-ServiceId|iam-Profile)-[\w-]+", re.IGNORECASE),
        "mail address": re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
        "uuid": re.compile(r"(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])", re.IGNORECASE),
        # Digits only are a measurement outcome or a number.
        "account": re.compile(r"(?<![0-9a-z])(?=\d*[a-f])[0-9a-f]{32}(?![0-9a-z])", re.IGNORECASE),
    }
)
"""Patterns by the kind of text; if two match, the first counts."""

JSON_ESCAPE = re.compile(r"(?<!\\)\\+(?:u00([2-7][0-9a-fA-F])|([/\"]))")
"""An escaped character in JSON, also in JSON that is a text in other JSON."""

SHORTEST_SECRET = 8
"""Shorter texts are not replaced: they are probably parts of words."""


def credentials(response: httpx.Response) -> tuple[str, ...]:
    """The credentials of the request, which a response can repeat."""
    authorization = response.request.headers.get("Authorization", "")
    return authorization, authorization.partition(" ")[2]


def blanked(text: str, secrets: Sequence[str]) -> str:
    """`text` with `***` for each of `secrets`. If it contains them with JSON escapes, all escapes are decoded."""
    hidden = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
    if "\\" in text:
        plain = JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
        text = plain if any(secret in plain for secret in hidden) else text
    for secret in hidden:
        text = text.replace(secret, "***")
    return text
