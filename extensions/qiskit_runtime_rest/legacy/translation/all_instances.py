"""The list of jobs of a caller that names no instance: the classic API listed those of all instances."""

from __future__ import annotations

import asyncio
from typing import Any

from qiskit_runtime_api.http_library import httpx

from ...errors import ApiError, AuthenticationError
from .call import ClassicCall
from .callers import send

__all__ = ["jobs_of_all_instances"]

LIST = "GET /v1/jobs"
LARGEST_PAGE = 200


async def jobs_of_all_instances(call: ClassicCall) -> None:
    """Merge the jobs of all instances of the mapping, unless the call names one."""
    crns = call.resources.instances.crns
    if call.kept.get("name") is not None or len(crns) < 2:
        return
    limit, offset = _number(call, "limit", LARGEST_PAGE), _number(call, "offset", 0)
    lists = await asyncio.gather(*(_first(call, crn, limit + offset) for crn in crns), return_exceptions=True)
    usable = [one for one in lists if not isinstance(one, BaseException)]
    for one in lists:
        # An instance that this caller may not use has no jobs of the caller.
        if isinstance(one, BaseException) and (not usable or not _is_refusal(one)):
            raise one
    call.note("provider", "is missing: the jobs of all instances in the mapping were listed")
    is_ascending = call.query.get("sort", [""])[-1].upper() == "ASC"
    jobs = sorted((job for found, _ in usable for job in found), key=_created, reverse=not is_ascending)
    page = {
        "jobs": jobs[offset : offset + limit],
        "count": sum(count for _, count in usable),
        "limit": limit,
        "offset": offset,
    }
    call.v1_response = httpx.Response(200, json=page)


async def _first(call: ClassicCall, crn: str, number: int) -> tuple[list[dict[str, Any]], int]:
    """The first jobs of one instance, at most `number`, and how many it has."""
    jobs: list[dict[str, Any]] = []
    count = number
    name = call.resources.instances.name_of(crn)
    async with call.resources.service.client(call.caller, crn) as client:
        while len(jobs) < min(number, count):
            query = call.query | {"limit": [str(min(number - len(jobs), LARGEST_PAGE))], "offset": [str(len(jobs))]}
            page = (await send(client, LIST, query=query)).json()
            count = page.get("count", 0)
            if not page["jobs"]:
                break
            jobs += page["jobs"]
    call.kept.setdefault("instance_names", {}).update({str(job.get("id")): name for job in jobs})
    return jobs, count


def _number(call: ClassicCall, name: str, default: int) -> int:
    given = call.query.get(name, [""])[-1]
    return int(given) if given.isdecimal() and given.isascii() and len(given) < 8 else default


def _is_refusal(error: BaseException) -> bool:
    return isinstance(error, AuthenticationError) or (isinstance(error, ApiError) and error.status in (403, 404))


def _created(job: dict[str, Any]) -> str:
    return str(job.get("created"))
