"""The token that a replay answers to any API key: of the form that clients expect, and not expired."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import jwt

from ..base.redaction import LOOKS
from ..config.crn import Crn
from .exchange import Exchange

__all__ = ["TOKEN_PATH", "token_answer"]

TOKEN_PATH = "/identity/token"  # noqa: S105 - a path
LIFETIME_SECONDS = 3600
PUBLIC_KEY = "this key is public: what it signs opens nothing, and only a replay accepts it"
NOBODY = "IBMid-REPLAYED01"


def token_answer(recorded: bytes, *, instance: str, exchanges: Iterable[Exchange]) -> bytes:
    """IAM's answer of this moment: the recorded one (may be empty) with a token that begins now.

    `instance` and `exchanges` are those of the cassette: what the token says of its owner is what they say.
    """
    try:
        body: Any = json.loads(recorded)
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    now = int(time.time())
    lifetime = body.get("expires_in")
    lifetime = lifetime if isinstance(lifetime, int) and lifetime > 0 else LIFETIME_SECONDS
    user = _user(exchanges)
    claims = {
        "iam_id": user,
        "id": user,
        "sub": user,
        "account": {"valid": True, "bss": Crn.parse(instance).account},
        "iss": "https://iam.cloud.ibm.com/identity",
        "iat": now,
        "exp": now + lifetime,
    }
    token = {
        "access_token": jwt.encode(claims, PUBLIC_KEY, algorithm="HS256"),
        "token_type": "Bearer",
        "expires_in": lifetime,
        "expiration": now + lifetime,
    }
    return json.dumps({"refresh_token": "not_supported", "scope": "ibm openid", **body, **token}).encode()


def _user(exchanges: Iterable[Exchange]) -> str:
    for one in exchanges:
        if found := LOOKS["user"].search(one.body.decode("utf-8", "replace")):
            return found[0]
    return NOBODY
