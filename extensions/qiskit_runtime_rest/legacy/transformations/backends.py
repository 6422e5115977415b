"""Backends: names in place of objects."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import INVALID_INPUT, ClassicError
from ..exchange import ClassicAnswer

__all__ = ["device_names", "least_busy_backend"]

ONLINE = "online"


async def device_names(call: Call) -> None:
    """Answer the names of the devices."""
    names = [_name(device) for device in _devices(call.document())]
    call.answer = ClassicAnswer.of_json({"devices": names})


async def least_busy_backend(call: Call) -> None:
    """A job that names no backend runs on the one with the fewest jobs waiting, as it did."""
    body = call.fields()
    if body.get("backend"):
        if not isinstance(body["backend"], str):
            raise ClassicError(INVALID_INPUT, "backend: its name, as a text.")
        return
    listed = await call.ask("GET /v1/backends")
    devices = [device for device in _devices(listed.json()) if _is_online(device)]
    if not devices:
        raise ClassicError(INVALID_INPUT, "backend: none was named, and none is online.")
    body["backend"] = _name(min(devices, key=_queue_length))
    call.note("backend", "is required now; the one with the shortest queue was taken")


def _devices(document: Any) -> list[Any]:
    devices = document.get("devices") if isinstance(document, dict) else None
    return devices if isinstance(devices, list) else []


def _name(device: Any) -> str:
    return str(device.get("name")) if isinstance(device, dict) else str(device)


def _is_online(device: Any) -> bool:
    status = device.get("status") if isinstance(device, dict) else None
    return not isinstance(status, dict) or status.get("name", ONLINE) == ONLINE


def _queue_length(device: Any) -> float:
    length = device.get("queue_length") if isinstance(device, dict) else None
    return float(length) if isinstance(length, int | float) else 0.0
