"""Jobs and their tags."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import BACKEND_OFFLINE, PROGRAM_NOT_FOUND, ServiceError
from ..json_text import extended, json_text
from ..programs import PROGRAMS
from ..routing import JSON, ServiceRequest, ServiceResponse
from ..state.clock import isoformat, seconds
from ..state.job import PENDING_USAGE
from ..state.jobs import JobFilter
from .backends import with_mocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..state.job import Job

# The contract gives the list of tags the length of a job's tags.
_MOST_TAGS = 8


async def create_job(request: ServiceRequest) -> ServiceResponse:
    """`POST /v1/jobs`."""
    service, body, instance = request.service, request.body, request.instance
    if body["program_id"] not in PROGRAMS:
        raise ServiceError(PROGRAM_NOT_FOUND, f"There is no program {body['program_id'][:100]!r}.")
    device = service.instances.device(body["backend"], instance=instance)
    if service.fleet.condition(device.name).status == "offline":
        raise ServiceError(BACKEND_OFFLINE)
    if body.get("session_id") is not None:
        service.sessions.check_accepts(body["session_id"], instance=instance.crn, backend=body["backend"])
    if service.options.refuse_over_quota:
        service.instances.check_usage(instance)
    service.limits.check(user_id=request.user.id, pending=service.jobs.pending.by_instance[instance.crn])
    optional = ("session_id", "calibration_id", "runtime", "log_level", "remote_storage")
    job = service.jobs.create(
        params=body.get("params"),
        instance=instance.crn,
        user_id=request.user.id,
        program_id=body["program_id"],
        backend=device.name,
        mock=device.mock,
        cost=body.get("cost") or instance.plan.longest_run_seconds,
        tags=tuple(body.get("tags", ())),
        private=body.get("private", False),
        **_client(request.http.headers.get("x-qx-client-application")),
        **{name: body[name] for name in optional if name in body},
    )
    service.limits.count(user_id=request.user.id)
    service.execution.settle()
    response: dict[str, Any] = {"id": job.id, "backend": job.backend}
    if job.private:
        response["private"] = True
    return ServiceResponse(body=response | job.given("session_id", "calibration_id"))


async def list_jobs(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/jobs`."""
    query, jobs = request.query, request.service.jobs
    where = JobFilter(
        pending=query["pending"],
        program=query["program"],
        backend=query["backend"],
        created_after=seconds(query["created_after"]),
        created_before=seconds(query["created_before"]),
        tags=query["tags"] or (),
        session_id=query["session_id"],
        mocks=with_mocks(request),
    )
    limit, offset = query["limit"], query["offset"]
    found, count = jobs.page(
        instance=request.instance.crn, where=where, ascending=query["sort"] == "ASC", offset=offset, limit=limit
    )
    page = await request.service.execution.read(found)
    listed = ",".join(_texts(request, page, with_params=not query["exclude_params"]))
    counts = {"count": count, "limit": limit, "offset": offset}
    return ServiceResponse(text=extended(json_text(counts), f'"jobs":[{listed}]'), media_type=JSON)


async def get_job(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/jobs/{id}`."""
    job = await _read(request)
    (text,) = _texts(request, [job], with_params=not request.query["exclude_params"])
    return ServiceResponse(text=text, media_type=JSON)


async def delete_job(request: ServiceRequest) -> ServiceResponse:
    """`DELETE /v1/jobs/{id}`: 400 for a job that has not ended."""
    request.service.jobs.delete(_find(request))
    return ServiceResponse(status=204)


async def get_job_results(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/jobs/{id}/results`: text/plain; 204 if there is none yet, or none any more."""
    job = await _read(request)
    result = request.service.jobs.take_result(job)
    return ServiceResponse(status=204) if result is None else ServiceResponse(text=result)


async def get_job_interim_results(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/jobs/{id}/interim_results`: text/plain; 204 if there is none yet."""
    interim = request.service.jobs.interim_results(_find(request))
    return ServiceResponse(status=204) if interim is None else ServiceResponse(text=interim)


async def get_job_logs(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/jobs/{id}/logs`: text/plain."""
    return ServiceResponse(text=request.service.jobs.logs(_find(request)))


async def get_job_transpiled_circuits(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/jobs/{id}/transpiled_circuits`: a URL for the circuits."""
    job = _find(request)
    return ServiceResponse(body={"url": f"{request.http.base_url}_emulator/jobs/{job.id}/circuits"})


async def cancel_job(request: ServiceRequest) -> ServiceResponse:
    """`POST /v1/jobs/{id}/cancel`: 409 for a job that has ended."""
    request.service.execution.cancel(_find(request))
    return ServiceResponse(status=204)


async def get_job_metrics(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/jobs/{id}/metrics`."""
    job = await _read(request)
    body = {
        "timestamps": _timestamps(job),
        "usage": _usage(request, job),
        "circuits_execution_time_ns": job.execution_ns,
    }
    return ServiceResponse(body=body | job.given("caller", "qiskit_version"))


async def replace_job_tags(request: ServiceRequest) -> ServiceResponse:
    """`PUT /v1/jobs/{id}/tags`."""
    request.service.jobs.replace_tags(_find(request), request.body["tags"])
    return ServiceResponse(status=204)


async def list_tags(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/tags`: those tags of the instance's jobs that contain the text, in alphabetical order."""
    search = request.query["search"].lower()
    found = sorted(tag for tag in request.service.jobs.index.tags(request.instance.crn) if search in tag.lower())
    return ServiceResponse(body={"tags": found[:_MOST_TAGS]})


def _find(request: ServiceRequest) -> Job:
    return request.service.jobs.find(request.path["id"], instance=request.instance.crn)


async def _read(request: ServiceRequest) -> Job:
    (job,) = await request.service.execution.read([_find(request)])
    return job


def _texts(request: ServiceRequest, jobs: Sequence[Job], *, with_params: bool) -> list[str]:
    """Jobs as JSON."""
    texts = [job.described for job in jobs]
    if request.service.options.usage_pending_seconds:
        pairs = zip(jobs, texts, strict=True)
        texts = [json_text(json.loads(text) | {"usage": _usage(request, job)}) for job, text in pairs]
    if with_params:
        texts = [_with_params(request, job, text) for job, text in zip(jobs, texts, strict=True)]
    return texts


def _with_params(request: ServiceRequest, job: Job, text: str) -> str:
    params = request.service.jobs.params_text(job)
    return text if params is None else extended(text, f'"params":{params}')


def _client(application: str | None) -> dict[str, str]:
    """What X-Qx-Client-Application says: `caller` is its last part, `qiskit_version` what stands in the middle."""
    if not application:
        return {}
    *before, caller = application.split("/")
    said = {"caller": caller, "qiskit_version": "/".join(before[1:])}
    return {name: value for name, value in said.items() if value}


def _timestamps(job: Job) -> dict[str, str | None]:
    """When the job passed each stage; `running` is null for a job that ended in the queue."""
    times = {"created": job.created, "finished": job.finished, "running": job.started}
    given = {name: None if at is None else isoformat(at) for name, at in times.items()}
    return given if job.ended else {name: at for name, at in given.items() if at is not None}


def _usage(request: ServiceRequest, job: Job) -> dict[str, Any]:
    """The job's usage, which stays pending for a while after its end if the service's options say so."""
    seconds = request.service.options.usage_pending_seconds
    if seconds and job.finished is not None and request.service.clock.now() < job.finished + seconds:
        return PENDING_USAGE
    return job.usage
