"""Answers that publish the contract."""

from __future__ import annotations

import json

from ..errors import NOT_FOUND, ServiceError
from ..routing import Answer, Call
from ..versions.models import NEWEST, VERSIONS

__all__ = ["get_document", "get_document_of_version"]


async def get_document(call: Call) -> Answer:
    """`GET <base>/openapi.json`: the newest version's contract."""
    return Answer(text=call.service.contract.text, media_type="application/json")


async def get_document_of_version(call: Call) -> Answer:
    """`GET <base>/openapi-YYYY-MM-DD.json`.

    Only the newest contract is known in full; an older version is answered with it, under its own date.
    """
    name = call.path["version"]
    if name not in {version.name for version in VERSIONS}:
        raise ServiceError(NOT_FOUND, f"There is no API version {name[:40]!r}.")
    if name == NEWEST.name:
        return await get_document(call)
    document = call.service.contract.document
    dated = {**document, "info": {**document["info"], "version": name}}
    return Answer(text=json.dumps(dated), media_type="application/json")
