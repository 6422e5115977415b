"""Answers about sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backends.models import find_device
from ..clock import isoformat
from ..routing import Answer, Call

if TYPE_CHECKING:
    from .models import Session

__all__ = ["close_session", "create_session", "get_session", "update_session"]

_TIMES = ("activated_at", "closed_at", "last_job_started", "last_job_completed")


async def create_session(call: Call) -> Answer:
    """`POST /v1/sessions`; some clients name the backend twice, as `backend` and `backend_name`."""
    body = call.body
    backend = body.get("backend") or body.get("backend_name")
    if backend is not None:
        find_device(call.service, backend, instance=call.instance)
    given = {name: body[name] for name in ("interactive_ttl", "active_ttl") if name in body}
    session = call.service.sessions.create(
        instance=call.instance,
        user_id=call.user.id,
        mode=body["mode"],
        backend=backend,
        max_ttl=body.get("max_ttl", 28800),
        **given,
    )
    call.service.execution.settle()
    return Answer(body=_session(call, session))


async def get_session(call: Call) -> Answer:
    """`GET /v1/sessions/{id}`."""
    return Answer(body=_session(call, _find(call)))


async def update_session(call: Call) -> Answer:
    """`PATCH /v1/sessions/{id}`: shut, it takes no more jobs, and those in the queue still run."""
    session = _find(call)
    busy = any(job.session_id == session.id for job in call.service.jobs.pending())
    call.service.sessions.accept(session, call.body["accepting_jobs"], busy=busy)
    call.service.execution.settle()
    return Answer(status=204)


async def close_session(call: Call) -> Answer:
    """`DELETE /v1/sessions/{id}/close`: jobs in the queue do not run any more."""
    session = _find(call)
    call.service.sessions.close(session)
    call.service.execution.cancel_queued(session.id)
    return Answer(status=204)


def _find(call: Call) -> Session:
    return call.service.sessions.find(call.path["id"], instance=call.instance.crn)


def _session(call: Call, session: Session) -> dict[str, Any]:
    body = {
        "id": session.id,
        "backend_name": session.backend,
        "mode": session.mode,
        "state": session.state,
        "state_reason": session.state_reason or "",
        "accepting_jobs": session.accepting_jobs,
        "started_at": isoformat(session.created),
        "max_ttl": session.max_ttl,
        "interactive_ttl": session.interactive_ttl,
        "active_ttl": session.active_ttl or session.max_ttl,
        "user_id": session.user_id,
        "timestamps": [{"status": state, "timestamp": isoformat(at)} for state, at in session.timestamps],
        "elapsed_time": _elapsed(session, now=call.service.clock.now()),
    }
    times = {name: getattr(session, name) for name in _TIMES}
    return body | {name: isoformat(at) for name, at in times.items() if at is not None}


def _elapsed(session: Session, *, now: float) -> float:
    """Seconds from its first job to its end, or until now."""
    if session.activated_at is None:
        return 0.0
    return max(0.0, (session.closed_at or now) - session.activated_at)
