"""Answers about jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backends.models import find_device
from ..clock import isoformat, seconds
from ..errors import PROGRAM_NOT_FOUND, ServiceError
from ..programs import PROGRAMS
from ..routing import Answer, Call
from .job import LONGEST_RUN_SECONDS, Status
from .models import JobFilter

if TYPE_CHECKING:
    from .job import Job

__all__ = [
    "cancel_job",
    "create_job",
    "delete_job",
    "get_job",
    "get_job_interim_results",
    "get_job_logs",
    "get_job_metrics",
    "get_job_results",
    "get_job_transpiled_circuits",
    "list_jobs",
    "replace_job_tags",
]

# Programs that the service has and the emulator cannot run: their jobs are recorded, and fail.
_ALSO_KNOWN = frozenset({"noise-learner", "noise-learner-v3", "executor"})


async def create_job(call: Call) -> Answer:
    """`POST /v1/jobs`."""
    service, body, instance = call.service, call.body, call.instance
    if body["program_id"] not in PROGRAMS and body["program_id"] not in _ALSO_KNOWN:
        raise ServiceError(PROGRAM_NOT_FOUND, f"There is no program {body['program_id'][:100]!r}.")
    find_device(service, body["backend"], instance=instance)
    if body.get("session_id") is not None:
        service.sessions.admit(body["session_id"], instance=instance.crn, backend=body["backend"])
    service.instances.check_usage(instance)
    pending = sum(job.instance == instance.crn for job in service.jobs.pending())
    service.limits.admit(user_id=call.user.id, pending=pending)
    optional = ("session_id", "calibration_id", "runtime", "log_level", "remote_storage")
    job = service.jobs.create(
        params=body.get("params"),
        instance=instance.crn,
        user_id=call.user.id,
        program_id=body["program_id"],
        backend=body["backend"],
        cost=body.get("cost") or LONGEST_RUN_SECONDS,
        tags=tuple(body.get("tags", ())),
        private=body.get("private", False),
        caller=call.request.headers.get("x-qx-client-application"),
        **{name: body[name] for name in optional if name in body},
    )
    service.limits.submitted(user_id=call.user.id)
    service.execution.settle()
    answer: dict[str, Any] = {"id": job.id, "backend": job.backend}
    if job.private:
        answer["private"] = True
    return Answer(body=answer | _given(job, "session_id", "calibration_id"))


async def list_jobs(call: Call) -> Answer:
    """`GET /v1/jobs`."""
    query, jobs = call.query, call.service.jobs
    where = JobFilter(
        pending=query["pending"],
        program=query["program"],
        backend=query["backend"],
        created_after=seconds(query["created_after"]),
        created_before=seconds(query["created_before"]),
        tags=query["tags"] or (),
        session_id=query["session_id"],
    )
    found = jobs.visible(instance=call.instance.crn, where=where, ascending=query["sort"] == "ASC")
    limit, offset = query["limit"], query["offset"]
    page = await call.service.execution.read(found[offset : offset + limit])
    with_params = not query["exclude_params"]
    return Answer(
        body={
            "jobs": [_job(call, job, with_params=with_params) for job in page],
            "count": len(found),
            "limit": limit,
            "offset": offset,
        }
    )


async def get_job(call: Call) -> Answer:
    """`GET /v1/jobs/{id}`."""
    job = await _read(call)
    return Answer(body=_job(call, job, with_params=not call.query["exclude_params"]))


async def delete_job(call: Call) -> Answer:
    """`DELETE /v1/jobs/{id}`: only of a job that has ended."""
    call.service.jobs.delete(_find(call))
    return Answer(status=204)


async def get_job_results(call: Call) -> Answer:
    """`GET /v1/jobs/{id}/results`: text/plain, 204 while there is none."""
    job = await _read(call)
    result = call.service.jobs.take_result(job)
    return Answer(status=204) if result is None else Answer(text=result)


async def get_job_interim_results(call: Call) -> Answer:
    """`GET /v1/jobs/{id}/interim_results`: text/plain, 204 while there is none."""
    interim = call.service.jobs.interim_results(_find(call))
    return Answer(status=204) if interim is None else Answer(text=interim)


async def get_job_logs(call: Call) -> Answer:
    """`GET /v1/jobs/{id}/logs`: text/plain."""
    return Answer(text=call.service.jobs.logs(_find(call)))


async def get_job_transpiled_circuits(call: Call) -> Answer:
    """`GET /v1/jobs/{id}/transpiled_circuits`: where the circuits can be fetched from."""
    job = _find(call)
    return Answer(body={"url": f"{call.request.base_url}_emulator/jobs/{job.id}/circuits"})


async def cancel_job(call: Call) -> Answer:
    """`POST /v1/jobs/{id}/cancel`: 409 for a job that has ended."""
    call.service.execution.cancel(_find(call))
    return Answer(status=204)


async def get_job_metrics(call: Call) -> Answer:
    """`GET /v1/jobs/{id}/metrics`."""
    job = await _read(call)
    times = {"created": job.created, "running": job.started, "finished": job.finished}
    body = {
        "timestamps": {name: isoformat(at) for name, at in times.items() if at is not None},
        "usage": _usage(job),
        "circuits_execution_time_ns": job.execution_ns,
    }
    return Answer(body=body | _given(job, "caller", "qiskit_version"))


async def replace_job_tags(call: Call) -> Answer:
    """`PUT /v1/jobs/{id}/tags`."""
    call.service.jobs.replace_tags(_find(call), call.body["tags"])
    return Answer(status=204)


def _find(call: Call) -> Job:
    return call.service.jobs.find(call.path["id"], instance=call.instance.crn)


async def _read(call: Call) -> Job:
    (job,) = await call.service.execution.read([_find(call)])
    return job


def _job(call: Call, job: Job, *, with_params: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": job.id,
        "backend": job.backend,
        "state": _state(job),
        "status": "Cancelled - Ran too long" if job.ran_too_long else job.status,
        "program": {"id": job.program_id},
        "created": isoformat(job.created),
        "cost": job.cost,
        "tags": list(job.tags),
        "user_id": job.user_id,
        "usage": _usage(job),
    }
    if job.private:
        body["private"] = True
    if with_params and (params := call.service.jobs.params(job)) is not None:
        body["params"] = params
    return body | _given(job, "session_id", "calibration_id", "runtime", "remote_storage")


def _state(job: Job) -> dict[str, Any]:
    return {"status": job.status} | _given(job, "reason", "reason_code", "reason_solution")


def _usage(job: Job) -> dict[str, Any]:
    ran = job.ended or job.status is Status.COMPLETED
    return {"qpu_charge_time_seconds": job.qpu_seconds, "status": "complete" if ran else "pending"}


def _given(job: Job, *names: str) -> dict[str, Any]:
    """The attributes that have a value: the contract knows no nulls."""
    return {name: value for name in names if (value := getattr(job, name)) is not None}
