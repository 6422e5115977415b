"""Answers about devices."""

from __future__ import annotations

from typing import Any

from attrs import asdict

from .. import devices
from ..routing import Answer, Call
from .models import find_device, queue_length, wait_time

__all__ = [
    "get_backend_configuration",
    "get_backend_defaults",
    "get_backend_properties",
    "get_backend_status",
    "list_backends",
]


async def list_backends(call: Call) -> Answer:
    """`GET /v1/backends`."""
    names = call.service.instances.backends(call.instance)
    return Answer(body={"devices": [_device(call, name) for name in names]})


async def get_backend_configuration(call: Call) -> Answer:
    """`GET /v1/backends/{id}/configuration`; there is one calibration only, whichever is asked for."""
    return Answer(body=find_device(call.service, call.path["id"], instance=call.instance).configuration)


async def get_backend_properties(call: Call) -> Answer:
    """`GET /v1/backends/{id}/properties`; there is one calibration only, whichever is asked for."""
    return Answer(body=find_device(call.service, call.path["id"], instance=call.instance).properties)


async def get_backend_defaults(call: Call) -> Answer:
    """`GET /v1/backends/{id}/defaults`: an empty object for devices without pulse defaults."""
    return Answer(body=find_device(call.service, call.path["id"], instance=call.instance).defaults or {})


async def get_backend_status(call: Call) -> Answer:
    """`GET /v1/backends/{id}/status`."""
    device = find_device(call.service, call.path["id"], instance=call.instance)
    return Answer(
        body={
            "state": True,
            "status": "active",
            "message": "available",
            "length_queue": queue_length(call.service, device.name),
            "backend_version": device.configuration["backend_version"],
        }
    )


def _device(call: Call, name: str) -> dict[str, Any]:
    entry = {
        **devices.get(name).summary(),
        "status": {"name": "online", "reason": "available"},
        "queue_length": queue_length(call.service, name),
    }
    if call.query["fields"] == "wait_time_seconds":
        entry["wait_time_seconds"] = asdict(wait_time(call.service, name))
    return entry
