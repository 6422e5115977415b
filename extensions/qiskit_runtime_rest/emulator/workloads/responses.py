"""Answers about workloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..clock import isoformat, seconds
from ..errors import PAYLOAD_NOT_VALID, ServiceError
from ..routing import Answer, Call
from .models import Cursor, WorkloadFilter, page, parse_cursor, workloads_of

if TYPE_CHECKING:
    from .models import Workload

__all__ = ["list_workloads"]


async def list_workloads(call: Call) -> Answer:
    """`GET /v1/workloads`: pages by cursors, each a URL that answers the neighbouring page."""
    query = call.query
    where = WorkloadFilter(
        user_id=call.user.id if query["user"] == "me" else None,
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
    except (ValueError, TypeError):
        raise ServiceError(PAYLOAD_NOT_VALID, "next and previous take what an earlier answer gave.") from None
    found = [one for one in workloads_of(call.service, instance=call.instance.crn) if where.matches(one)]
    part = page(found, limit=limit, descending=query["sort"] == "-createdAt", after=after, before=before)
    body: dict[str, Any] = {
        "workloads": [_workload(one) for one in part.workloads],
        "total_count": part.total,
        "limit": limit,
    }
    for name, cursor in (("previous", part.previous), ("next", part.next)):
        if cursor is not None:
            body[name] = {"href": _href(call, name, cursor)}
    return Answer(body=body)


def _href(call: Call, name: str, cursor: Cursor) -> str:
    url = call.request.url.remove_query_params(["previous", "next"])
    return str(url.include_query_params(**{name: cursor.as_text()}))


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
