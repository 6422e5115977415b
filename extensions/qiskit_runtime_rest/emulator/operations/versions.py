"""The API's versions, and the contract as the service publishes it."""

from __future__ import annotations

import json
from typing import Any

from ..errors import NOT_FOUND, ServiceError
from ..routing import ServiceRequest, ServiceResponse
from ..state.versions import NEWEST, VERSIONS, ApiVersion


async def get_versions(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/versions`."""
    del request
    return ServiceResponse(body={"versions": [_metadata(version) for version in VERSIONS]})


async def get_document(request: ServiceRequest) -> ServiceResponse:
    """`GET <base>/openapi.json`: the newest version's contract."""
    return ServiceResponse(text=request.service.contract.text, media_type="application/json")


async def get_document_of_version(request: ServiceRequest) -> ServiceResponse:
    """`GET <base>/openapi-YYYY-MM-DD.json`.

    The emulator has the newest contract only. For an older version, it sends this one under the older date.
    """
    name = request.path["version"]
    if name not in {version.name for version in VERSIONS}:
        raise ServiceError(NOT_FOUND, f"There is no API version {name[:40]!r}.")
    if name == NEWEST.name:
        return await get_document(request)
    document = request.service.contract.document
    dated = {**document, "info": {**document["info"], "version": name}}
    return ServiceResponse(text=json.dumps(dated), media_type="application/json")


def _metadata(version: ApiVersion) -> dict[str, Any]:
    metadata = {"version": version.name, "status": "deprecated" if version.deprecated else "live"}
    return metadata | ({"sunset_date": version.sunset.isoformat()} if version.sunset else {})
