"""Transformations of calls that the official SDKs made: to log in, and to learn what the account has."""

from __future__ import annotations

from typing import Any

import jwt

from ...config.crn import Crn
from ...errors import ApiError
from ..messages import ClassicResponse
from ..table import find_host
from .call import ClassicCall
from .instances import ANY_NAME

__all__ = [
    "API_VERSIONS",
    "classic_metrics",
    "job_kind",
    "networks",
    "no_bookings",
    "usage_by_instance",
    "user_info",
]

CLASSIC_URLS = {
    "http": "https://api.quantum-computing.ibm.com/api",
    "ws": "wss://wss.quantum-computing.ibm.com",
    "services": {"runtime": "https://runtime-us-east.quantum-computing.ibm.com"},
}
"""Where the SDKs go after the login."""

API_VERSIONS = {"new_api": True, "api-auth": "0.164.0", "api-utils": "1.0.0", "api-app-v2": "0.27.1"}
"""The SDKs want `api-auth` to be there; its value has no meaning to them."""

PENDING_JOBS = {"limit": ["1"], "pending": ["true"]}
MOST_PENDING = 10_000
"""The service says no number, and was seen to accept more than the three jobs of the plan Open."""


async def user_info(call: ClassicCall) -> None:
    """The caller, with the URLs to go on with, and the account in the instance's CRN."""
    account: dict[str, Any] = {}
    crn = Crn.parse(call.client.settings.instance or "")
    checked = await call.send("GET /v1/instance")
    try:
        account = (await call.send("GET /v1/accounts/{id}", names={"id": crn.account.removeprefix("a/")})).json()
        call.note("id", "replaced by the account in the instance's CRN")
    except ApiError:
        call.note("plans", "left out: the account may not be read with this API key")
    plan = checked.json().get("plan_id")
    names = call.resources.instances.names or [ANY_NAME]
    call.response = ClassicResponse.of_json(
        {
            **account,
            "email": _email(checked.request.headers.get("authorization", "")),
            "instances": [{"name": name, "plan": plan} for name in names],
            "urls": _urls(call),
        }
    )


def _email(authorization: str) -> str:
    """The user in the bearer token that the service has just accepted."""
    try:
        claims = jwt.decode(authorization.rpartition(" ")[2], options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return ""
    return str(claims.get("email") or claims.get("sub") or "")


def _urls(call: ClassicCall) -> dict[str, Any]:
    """The classic hosts to a client that thinks it talks to one; to others the address by which they came here."""
    if call.request.host is not None or find_host(call.request.headers.get("host", "")):
        return CLASSIC_URLS
    here = call.request.gateway
    return {"http": f"{here}/api", "ws": here.replace("http", "ws", 1), "services": {"runtime": f"{here}/runtime"}}


async def networks(call: ClassicCall) -> None:
    """The instances of the mapping as hubs, groups and projects. The first one is the default."""
    hubs: dict[str, dict[str, Any]] = {}
    names = call.resources.instances.names or [ANY_NAME]
    for name in names:
        hub, group, project = name.split("/")
        groups = hubs.setdefault(hub, {"name": hub, "groups": {}})["groups"]
        projects = groups.setdefault(group, {"name": group, "projects": {}})["projects"]
        projects[project] = {"name": project, "isDefault": name == names[0]}
    call.response = ClassicResponse.of_json(list(hubs.values()))


async def no_bookings(call: ClassicCall) -> None:
    """No reservations: v1 has none."""
    call.response = ClassicResponse.of_json([])


async def usage_by_instance(call: ClassicCall) -> None:
    """The usage of the instance in the form of the plan Open."""
    usage = call.document() or {}
    period = usage.get("usage_period") or {}
    pending = await call.send("GET /v1/jobs", query=PENDING_JOBS)
    names = call.resources.instances
    name = call.kept.get("name") or names.name_of(call.client.settings.instance) or ANY_NAME
    quota = usage.get("usage_limit_seconds", usage.get("usage_allocation_seconds"))
    row: dict[str, Any] = {
        "instance": name,
        "quota": quota,
        "usage": usage.get("usage_consumed_seconds", 0),
        "pendingJobs": pending.json().get("count", 0),
        "maxPendingJobs": MOST_PENDING,
    }
    call.response = ClassicResponse.of_json(
        {"period": {"start": period.get("start_time"), "end": period.get("end_time")}, "byInstance": [row]}
    )


async def classic_metrics(call: ClassicCall) -> None:
    """Add the usage under its classic names."""
    metrics = call.document()
    if isinstance(metrics, dict) and isinstance(usage := metrics.get("usage"), dict):
        charged = usage.get("qpu_charge_time_seconds", 0)
        call.response = ClassicResponse.of_json(
            metrics | {"usage": {"quantum_seconds": charged, "seconds": charged, **usage}}
        )


async def job_kind(call: ClassicCall) -> None:
    """The kind of API of a job: all jobs of v1 are jobs of the Runtime API."""
    call.response = ClassicResponse.of_json({"type": "RUNTIME"})
