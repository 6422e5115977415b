"""What tells who somebody is, or opens their account, by its looks: wherever it stands in a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LOOKS"]

LOOKS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "crn": re.compile(r"crn(?::|%3A)v1(?::|%3A)[^\s\"'&?\\<>]+", re.IGNORECASE),
        "token": re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}"),
        "credential": re.compile(r"(?:(?<=\bbearer )|(?<=\bapikey ))(?=[^\s\"',}]*\d)[^\s\"',}\\]{8,}", re.IGNORECASE),
        "user": re.compile(r"\b(?:IBMid|iam-ServiceId|iam-Profile)-[\w-]+", re.IGNORECASE),
        "mail address": re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
        "uuid": re.compile(r"(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])", re.IGNORECASE),
        # Without a letter it is the outcome of a measurement, or a number.
        "account": re.compile(r"(?<![0-9a-z])(?=\d*[a-f])[0-9a-f]{32}(?![0-9a-z])", re.IGNORECASE),
    }
)
"""By what it is; where two of them fit, the first counts."""
