"""Transformations of what an account has: instances, backends, tags, workloads."""

from __future__ import annotations

from typing import Any

from ...submission.request import TAG_PREFIX
from ..messages import INVALID_INPUT, ClassicError, ClassicResponse
from .call import ClassicCall
from .instances import ANY_NAME, PARTS, WHOLE

__all__ = [
    "device_names",
    "hub_instances",
    "instance",
    "job_tags",
    "least_busy_backend",
    "own_workloads",
]
ONLINE = "online"


async def job_tags(call: ClassicCall) -> None:
    """Tags of jobs. v1 requires a search; without one, collect the tags of all jobs."""
    call.query.setdefault("type", ["job"])
    if call.query.get("search", [""])[-1]:
        return
    call.note("search", "is required now; without it, the tags of all jobs are collected")
    tags = {tag async for job in call.client.jobs.list() for tag in job.tags if not tag.startswith(TAG_PREFIX)}
    call.response = ClassicResponse.of_json({"tags": sorted(tags)})


async def own_workloads(call: ClassicCall) -> None:
    """List only the caller's workloads."""
    call.query["user"] = ["me"]


async def instance(call: ClassicCall) -> None:
    """Remove the fields that name the instance. The translator has read them to choose the client."""
    for name in (*PARTS, *WHOLE):
        found = call.query.pop(name, None) is not None
        if isinstance(call.body, dict):
            found = call.body.pop(name, None) is not None or found
        if found:
            source = "the mapping" if call.resources.instances.is_mapped else "the settings, as there is no mapping"
            call.note(name, f"names an instance; its CRN comes from {source}")


async def hub_instances(call: ClassicCall) -> None:
    """List the instances of the mapping, as `hub/group/project`."""
    plan = call.document() or {}
    names = call.resources.instances.names or [ANY_NAME]
    call.response = ClassicResponse.of_json(
        {"instances": [{"name": name, "plan": plan.get("plan_id")} for name in names]}
    )


async def device_names(call: ClassicCall) -> None:
    """List the devices by name only."""
    names = [_name(device) for device in _devices(call.document())]
    call.response = ClassicResponse.of_json({"devices": names})


async def least_busy_backend(call: ClassicCall) -> None:
    """Choose the backend with the shortest queue for a job that names none, as the classic API did."""
    body = call.fields()
    if body.get("backend"):
        if not isinstance(body["backend"], str):
            raise ClassicError(INVALID_INPUT, "backend: must be the name of a backend.")
        return
    listed = await call.send("GET /v1/backends")
    devices = [device for device in _devices(listed.json()) if _is_online(device)]
    if not devices:
        raise ClassicError(INVALID_INPUT, "backend: the job names none, and none is online.")
    body["backend"] = _name(min(devices, key=_queue_length))
    call.note("backend", "is required now; the backend with the shortest queue was chosen")


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
