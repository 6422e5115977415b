"""IAM's token endpoint, and the end of a token."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qs

from ..routing import Answer, Call
from .models import BadApiKey, BadGrant

__all__ = ["create_token", "logout"]


async def create_token(call: Call) -> Answer:
    """`POST /identity/token`, form-encoded: IAM's exchange of an API key for a bearer token."""
    form = parse_qs((await call.request.body()).decode("latin-1"))
    try:
        token = call.service.identity.exchange(
            grant_type=form.get("grant_type", [None])[-1], api_key=form.get("apikey", [None])[-1]
        )
    except BadApiKey:
        return _refused("BXNIM0415E", "Provided API key could not be found.")
    except BadGrant:
        return _refused("BXNIM0120E", "The grant_type is missing or not supported: send that of an API key.")
    return Answer(body=token, headers={"Cache-Control": "no-store"})


async def logout(call: Call) -> Answer:
    """`POST /v1/logout`: the token is refused from now on."""
    call.service.identity.revoke(call.token)
    return Answer(status=204)


def _refused(code: str, message: str) -> Answer:
    body: dict[str, Any] = {
        "errorCode": code,
        "errorMessage": message,
        "context": {"requestId": str(uuid.uuid4()), "requestType": "incoming.Token_Exchange"},
    }
    return Answer(status=400, body=body)
