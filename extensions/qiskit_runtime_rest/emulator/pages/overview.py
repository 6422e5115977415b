"""The data of the page at `/`, as one JSON object. Making it moves no job on."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..faults import PRESETS
from ..routing import BASE_PATH
from ..state.identity import API_KEY

if TYPE_CHECKING:
    from ..faults import FaultRule, FaultRules
    from ..recorder import RecordedRequest, Recorder
    from ..service import Service
    from ..state.job import Job
    from ..state.jobs import Jobs
    from ..state.sessions import Session

__all__ = ["MOST_ROWS", "overview", "request_details"]

MOST_ROWS = 200
HIDDEN = "(hidden: the job is private)"
_JOB_OF_PATH = re.compile(rf"{BASE_PATH}/v1/jobs/([^/]+)")
_JOB_OF_ANSWER = re.compile(r'"id":\s*"([^"]+)"')
_ASKS_FOR_PRIVATE = re.compile(r'"private"\s*:\s*true')
_ONLY_IN_DETAILS = {"headers", "body", "response_headers", "response_body"}


def overview(
    service: Service, faults: FaultRules, recorder: Recorder, *, url: str, operations: Sequence[str]
) -> dict[str, Any]:
    """Describe the server with the root `url`: newest first, at most `MOST_ROWS` of each kind.

    Times are seconds since the epoch on the service's clock, spans seconds.
    """
    now = service.clock.now()
    jobs = [job for job in service.jobs.accounted() if not job.deleted]
    sessions = list(service.sessions)
    names = {one.crn: one.name for one in service.instances}
    return {
        "now": now,
        "virtual": service.clock.virtual,
        "pace": service.execution.progress.as_json(),
        "seed": service.identifiers.seed,
        "instances": [
            {"name": one.name, "plan": one.plan.display_name, "exports": _exports(url, crn=one.crn)}
            for one in service.instances
        ],
        "login": {"api_key": API_KEY, "instance": next(iter(names))},
        "operations": sorted(operations),
        "counts": {
            "jobs": len(jobs),
            "sessions": len(sessions),
            "requests": len(recorder),
            "status": Counter(str(job.status) for job in jobs),
            "open": sum(session.closed_at is None for session in sessions),
        },
        "jobs": [_job(job, now=now, instances=names) for job in reversed(jobs[-MOST_ROWS:])],
        "sessions": [_session(one, now=now, instances=names) for one in reversed(sessions[-MOST_ROWS:])],
        "requests": [_request(one) for one in recorder.last(MOST_ROWS)],
        "faults": [_fault(rule) for rule in reversed(faults.all()[-MOST_ROWS:])],
        "presets": [preset.as_json() for preset in PRESETS],
    }


def request_details(request: RecordedRequest, jobs: Jobs) -> dict[str, Any]:
    """A recorded request with its headers and bodies, without those of private jobs."""
    shown = request.as_json()
    if _is_of_private_job(request, jobs):
        shown |= {name: HIDDEN for name in ("body", "response_body") if shown[name]}
    return shown


def _is_of_private_job(request: RecordedRequest, jobs: Jobs) -> bool:
    named = _JOB_OF_PATH.match(request.path)
    if named is None and request.operation == "create_job":
        named = _JOB_OF_ANSWER.search(request.response_body)
        if named is None:  # no job, or a spoilt answer
            return _ASKS_FOR_PRIVATE.search(request.body) is not None
    job = jobs.get(named[1]) if named else None
    return job is not None and job.private


def _exports(url: str, *, crn: str) -> str:
    """Shell commands that set the environment variables of clients."""
    variables = {
        "QISKIT_IBM_URL": f"{url}{BASE_PATH}",
        "IAM_URL": url,
        "QISKIT_IBM_TOKEN": API_KEY,
        "QISKIT_IBM_INSTANCE": crn,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _job(job: Job, *, now: float, instances: dict[str, str]) -> dict[str, Any]:
    until = job.finished or now
    return {
        "id": job.id,
        "status": job.status,
        "reason": job.reason,
        "reason_code": job.reason_code,
        "program": job.program_id,
        "backend": job.backend,
        "tags": list(job.tags),
        "session": job.session_id,
        "private": job.private,
        "instance": instances.get(job.instance, job.instance),
        "created": job.created,
        "queued_seconds": max(0.0, (job.started or until) - job.created),
        "running_seconds": None if job.started is None else max(0.0, until - job.started),
        "qpu_seconds": job.qpu_seconds if job.ended else None,
    }


def _session(session: Session, *, now: float, instances: dict[str, str]) -> dict[str, Any]:
    return {
        "id": session.id,
        "state": session.state,
        "reason": session.state_reason,
        "accepting": session.accepting_jobs,
        "mode": session.mode,
        "backend": session.backend,
        "instance": instances.get(session.instance, session.instance),
        "created": session.created,
        "age_seconds": max(0.0, (session.closed_at or now) - session.created),
        "left_seconds": None if session.closed_at else max(0.0, session.ttl_ends_at - now),
    }


def _request(request: RecordedRequest) -> dict[str, Any]:
    return {name: value for name, value in request.as_json().items() if name not in _ONLY_IN_DETAILS}


def _fault(rule: FaultRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": rule.kind,
        "status": rule.status,
        "operation": rule.operation,
        "times": rule.times,
        "probability": rule.probability,
        "fired": rule.fired,
        "used_up": rule.times is not None and rule.fired >= rule.times,
        "preset": next((preset.name for preset in PRESETS if preset.made(rule)), None),
    }
