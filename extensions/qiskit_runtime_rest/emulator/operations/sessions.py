"""Sessions and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..routing import ServiceRequest, ServiceResponse
from ..state.clock import isoformat

if TYPE_CHECKING:
    from ..state.sessions import Session

_TIMES = ("activated_at", "closed_at", "last_job_started", "last_job_completed")


async def create_session(request: ServiceRequest) -> ServiceResponse:
    """`POST /v1/sessions`. Some clients send the backend twice, as `backend` and `backend_name`."""
    body = request.body
    backend = body.get("backend") or body.get("backend_name")
    if backend is not None:
        request.service.instances.device(backend, instance=request.instance)
    given = {name: body[name] for name in ("interactive_ttl", "active_ttl") if name in body}
    session = request.service.sessions.create(
        instance=request.instance,
        user_id=request.user.id,
        mode=body["mode"],
        backend=backend,
        max_ttl=body.get("max_ttl", 28800),
        **given,
    )
    request.service.execution.settle()
    return ServiceResponse(body=_session(request, session))


async def get_session(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/sessions/{id}`."""
    return ServiceResponse(body=_session(request, _find(request)))


async def update_session(request: ServiceRequest) -> ServiceResponse:
    """`PATCH /v1/sessions/{id}`: a session that accepts no more jobs still runs those in the queue."""
    session = _find(request)
    busy = session.id in request.service.jobs.pending.by_session
    request.service.sessions.set_accepting(session, request.body["accepting_jobs"], busy=busy)
    request.service.execution.settle()
    return ServiceResponse(status=204)


async def close_session(request: ServiceRequest) -> ServiceResponse:
    """`DELETE /v1/sessions/{id}/close`: its queued jobs fail."""
    request.service.execution.close_session(_find(request))
    return ServiceResponse(status=204)


def _find(request: ServiceRequest) -> Session:
    return request.service.sessions.find(request.path["id"], instance=request.instance.crn)


def _session(request: ServiceRequest, session: Session) -> dict[str, Any]:
    body = {
        "id": session.id,
        "backend_name": session.backend,
        "mode": session.mode,
        "state": session.state,
        "state_reason": session.state_reason,
        "accepting_jobs": session.accepting_jobs,
        "started_at": isoformat(session.created),
        "max_ttl": session.max_ttl,
        "interactive_ttl": session.interactive_ttl,
        "active_ttl": session.active_ttl or session.max_ttl,
        "user_id": session.user_id,
        "timestamps": [{"status": state, "timestamp": isoformat(at)} for state, at in session.timestamps],
        "elapsed_time": _elapsed(session, now=request.service.clock.now()),
    }
    times = {name: getattr(session, name) for name in _TIMES}
    return body | {name: isoformat(at) for name, at in times.items() if at is not None}


def _elapsed(session: Session, *, now: float) -> float:
    """Seconds from its first job until its end or now."""
    if session.activated_at is None:
        return 0.0
    return max(0.0, (session.closed_at or now) - session.activated_at)
