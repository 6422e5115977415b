"""Workloads: jobs, sessions and batches in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import PAYLOAD_NOT_VALID, ServiceError
from ..routing import ServiceRequest, ServiceResponse
from ..state.clock import isoformat, seconds
from ..state.workloads import WorkloadFilter, Workloads, cursor, parse_cursor
from .backends import with_mocks

if TYPE_CHECKING:
    from ..state.job_index import Position
    from ..state.workloads import Workload


async def list_workloads(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/workloads`: in pages, each with the URLs of its neighbours."""
    query = request.query
    where = WorkloadFilter(
        user_id=request.user.id if query["user"] == "me" else None,
        backend=query["backend"],
        search=query["search"],
        statuses=query["status"] or (),
        mode=query["mode"],
        created_after=seconds(query["created_after"]),
        created_before=seconds(query["created_before"]),
        tags=query["tags"] or (),
    )
    limit = int(query["limit"])
    try:
        after, before = parse_cursor(query["next"]), parse_cursor(query["previous"])
    except ValueError:
        raise ServiceError(PAYLOAD_NOT_VALID, "next and previous must be values from an earlier response.") from None
    service, crn = request.service, request.instance.crn
    workloads = Workloads(service.jobs, service.sessions, instance=crn, mocks=with_mocks(request))
    part, found = workloads.page(
        where, limit=limit, descending=query["sort"] == "-createdAt", after=after, before=before
    )
    body: dict[str, Any] = {
        "workloads": [_workload(one) for one in found],
        "total_count": part.total,
        "limit": limit,
    }
    for name, position in (("previous", part.previous), ("next", part.next)):
        if position is not None:
            body[name] = {"href": _href(request, name, position)}
    return ServiceResponse(body=body)


def _href(request: ServiceRequest, name: str, position: Position) -> str:
    url = request.http.url.remove_query_params(["previous", "next"])
    return str(url.include_query_params(**{name: cursor(position)}))


def _workload(workload: Workload) -> dict[str, Any]:
    ended = workload.ended is not None
    body = {
        "id": workload.id,
        "created": isoformat(workload.created),
        "backend": workload.backend,
        "instance": workload.instance,
        "user_id": workload.user_id,
        "accepting_jobs": workload.accepting_jobs,
        "mode": workload.mode,
        "status": workload.status,
        "tags": list(workload.tags),
        "usage_seconds": workload.usage_seconds,
        "usage": {
            "qpu_charge_time_seconds": workload.usage_seconds,
            "status": "complete" if ended else "pending",
        },
    }
    if workload.ended is not None:
        body["ended"] = isoformat(workload.ended)
    if workload.status_reason is not None:
        body["status_reason"] = workload.status_reason
    return body
