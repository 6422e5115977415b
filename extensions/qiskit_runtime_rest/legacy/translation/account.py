"""Transformations of what an account has: instances, backends, tags, workloads."""

from __future__ import annotations

from typing import Any

from ...config.crn import Crn
from ...submission.submitter import TAG_PREFIX
from ..messages import INVALID_INPUT, ClassicAnswer, ClassicError
from .call import Call
from .instances import PARTS, WHOLE

__all__ = [
    "device_names",
    "hub_instances",
    "instance",
    "job_tags",
    "least_busy_backend",
    "own_account",
    "own_workloads",
]


async def own_account(call: Call) -> None:
    """The account is the one in the instance's CRN."""
    crn = Crn.parse(call.client.settings.instance or "")
    call.names["id"] = crn.account.removeprefix("a/")
    call.note("id", "the account in the instance's CRN")


async def job_tags(call: Call) -> None:
    """Tags of jobs. v1 only searches for them; without a search they are gathered from the jobs."""
    call.query.setdefault("type", ["job"])
    if call.query.get("search", [""])[-1]:
        return
    call.note("search", "is required now; without one, the tags of all jobs are gathered")
    tags = {tag async for job in call.client.jobs.list() for tag in job.tags if not tag.startswith(TAG_PREFIX)}
    call.answer = ClassicAnswer.of_json({"tags": sorted(tags)})


async def own_workloads(call: Call) -> None:
    """Of the workloads, the caller's own."""
    call.query["user"] = ["me"]


async def instance(call: Call) -> None:
    """Take the fields out, which the translator read before it opened a client."""
    for name in (*PARTS, *WHOLE):
        found = call.query.pop(name, None) is not None
        if isinstance(call.body, dict):
            found = call.body.pop(name, None) is not None or found
        if found:
            mapped = "the mapping" if call.means.instances.is_mapped else "the settings, as there is no mapping"
            call.note(name, f"names an instance; its CRN comes from {mapped}")


async def hub_instances(call: Call) -> None:
    """Answer the instances that a caller may name, as `hub/group/project`."""
    from ..messages import ClassicAnswer

    plan = call.document() or {}
    names = call.means.instances.names or ["-/-/-"]
    call.answer = ClassicAnswer.of_json({"instances": [{"name": name, "plan": plan.get("plan_id")} for name in names]})


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
