"""IAM's token endpoint, and the service's logout."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qs

from ..routing import ServiceRequest, ServiceResponse
from ..state.identity import BadApiKey, BadGrant


async def create_token(request: ServiceRequest) -> ServiceResponse:
    """`POST /identity/token`, form-encoded: a bearer token for an API key, as IAM issues it."""
    form = parse_qs((await request.http.body()).decode("latin-1"))
    try:
        token = request.service.identity.issue_token(
            grant_type=form.get("grant_type", [None])[-1], api_key=form.get("apikey", [None])[-1]
        )
    except BadApiKey:
        return _refused("BXNIM0415E", "Provided API key could not be found.")
    except BadGrant:
        return _refused("BXNIM0120E", "The grant_type is missing or not supported. Send the grant type of an API key.")
    return ServiceResponse(body=token, headers={"Cache-Control": "no-store"})


async def logout(request: ServiceRequest) -> ServiceResponse:
    """`POST /v1/logout`: the service refuses the token from now on."""
    request.service.identity.revoke(request.token)
    return ServiceResponse(status=204)


def _refused(code: str, message: str) -> ServiceResponse:
    body: dict[str, Any] = {
        "errorCode": code,
        "errorMessage": message,
        "context": {"requestId": str(uuid.uuid4()), "requestType": "incoming.Token_Exchange"},
    }
    return ServiceResponse(status=400, body=body)
