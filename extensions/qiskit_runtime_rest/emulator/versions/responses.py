"""Answers about the API's versions."""

from __future__ import annotations

from typing import Any

from ..routing import Answer, Call
from .models import VERSIONS, ApiVersion

__all__ = ["get_versions"]


async def get_versions(call: Call) -> Answer:
    """`GET /v1/versions`."""
    del call
    return Answer(body={"versions": [_metadata(version) for version in VERSIONS]})


def _metadata(version: ApiVersion) -> dict[str, Any]:
    metadata = {"version": version.name, "status": "deprecated" if version.deprecated else "live"}
    return metadata | ({"sunset_date": version.sunset.isoformat()} if version.sunset else {})
