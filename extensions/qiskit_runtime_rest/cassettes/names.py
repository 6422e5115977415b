"""Names, of fields, headers and parameters, that tell what their values are."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["INNER", "PACKED", "STATED", "betrays", "is_credential"]

CREDENTIALS = re.compile(
    r"(?:\wkey(?:ids?)?|(?:api|access|hmac|private|secret)keys|tokens?|passw(?:or)?ds?|passcodes?|secrets?|credentials?"
    r"|signatures?|authorization|cookies?|^sig)$"
)
"""Of what opens something; as all names here in lower case, without what is no letter or digit."""

IDENTITIES = re.compile(
    r"(?:(?:user|account|owner|creator|iam|ims|realm)ids?|username"
    r"|^(?:user|bss|bssaccount|ims|iui|sub|account|accountowner|owner|creator|createdby|updatedby|e?mail|givenname"
    r"|familyname|trace|transactionid|requestid))$"
)
"""Of who somebody is, or which request it was."""

PACKED = frozenset({"__value__", "circuit_b64"})
"""Of values that are packed, and may look like anything."""

INNER = frozenset({"id", "name", "value"})
"""Of what in an object says the same as the object's own name: `{"token": {"value": ...}}`."""

STATED = frozenset({"key", "name"})
"""Of what in an object says the name of its value: `{"name": "apikey", "value": ...}`."""


@lru_cache(maxsize=10_000)
def is_credential(name: str) -> bool:
    """Whether it is the name of what opens something."""
    return CREDENTIALS.search(_plain(name)) is not None


@lru_cache(maxsize=10_000)
def betrays(name: str) -> bool:
    """Whether it is the name of what opens something, or of who somebody is."""
    return is_credential(name) or IDENTITIES.search(_plain(name)) is not None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
