"""Transformations of jobs: how they are submitted, and how they are shown."""

from __future__ import annotations

import json
from typing import Any

import anyio.to_thread

from ...submission.request import TAG_PREFIX
from ..messages import INVALID_INPUT, PROGRAM_NOT_RUN, ClassicError, ClassicResponse
from ..primitives.results import AS_IS
from ..programs.local_jobs import LOCAL_PROGRAMS
from ..store import KnownJob
from .call import ClassicCall
from .instances import PARTS

__all__ = [
    "classic_job",
    "classic_jobs",
    "era_body",
    "is_oldest_form",
    "job_options",
    "known_program",
    "submit",
    "submitted_job",
]

V1_PROGRAMS = frozenset({"executor", "noise-learner", "noise-learner-v3"})
"""Programs of v1 that the classic API never had. Their jobs are sent unchanged."""

RENAMED = {"job_tags": "tags", "max_execution_time": "cost"}
SENT = ("backend", "params", "tags", "session_id", "private", "cost", "log_level", "calibration_id", "program_id")


async def known_program(call: ClassicCall) -> None:
    """Check the program and its params. A program that v1 does not have runs here."""
    body = call.fields()
    program_id = body.get("program_id")
    if not isinstance(program_id, str) or not program_id:
        raise ClassicError(INVALID_INPUT, "program_id: must name the program to run.")
    call.kept["program_id"] = program_id
    if program_id in V1_PROGRAMS:
        return
    programs, owner = call.resources.programs, await call.owner()
    program = await anyio.to_thread.run_sync(lambda: programs.find(program_id, owner=owner))
    if not program.is_ready_made:
        raise ClassicError(PROGRAM_NOT_RUN)
    params: dict[str, Any] = {} if body.get("params") is None else body["params"]
    await anyio.to_thread.run_sync(programs.check_params, program, params)
    body["params"] = params
    if program_id in LOCAL_PROGRAMS:
        backend = str(body.get("backend") or "simulator")
        job_id = await anyio.to_thread.run_sync(
            lambda: call.resources.local_jobs.add(
                program_id, owner=owner, backend=backend, name=call.kept.get("name"), params=params
            )
        )
        call.note("program_id", f"{program_id} runs here, not on the service")
        for name in body.keys() - {"program_id", "backend", "params"}:
            call.note(name, f"ignored: {program_id} runs here")
        call.response = ClassicResponse.of_json({"id": job_id, "backend": backend})


async def job_options(call: ClassicCall) -> None:
    """Rename the fields beside the params, and remove those that v1 does not have."""
    body = call.fields()
    for name, now in RENAMED.items():
        if name in body:
            call.note(name, f"is {now} now")
            body[now] = body.pop(name)
    options = body.pop("options", None)
    if options is not None:
        call.note("options", "ignored: v1 has options inside the params")
    for name in [name for name in body if name not in (*SENT, "start_session", "session_time")]:
        del body[name]
        call.note(name, "ignored: v1 has no such field of a job")


async def submit(call: ClassicCall) -> None:
    """Submit the job exactly once, and keep the form of its results."""
    body = call.fields()
    known = {name: body[name] for name in SENT if body.get(name) is not None}
    if known.get("cost") == 0:
        del known["cost"]
    if "cost" in known:
        known["max_execution_time"] = known.pop("cost")
    job = await call.client.jobs.submit(known.pop("program_id"), **known)
    session_id = body.get("session_id")
    began = call.kept.get("started_session")
    kept = KnownJob(
        job_id=job.id,
        program_id=call.kept["program_id"],
        form=call.kept.get("form", AS_IS),
        name=call.kept.get("name"),
        session_id=session_id,
        classic_session_id=job.id if began else None,
    )
    await anyio.to_thread.run_sync(call.resources.jobs.add, kept)
    response: dict[str, Any] = {"id": job.id, "backend": body.get("backend")}
    if session_id:
        response["session_id"] = await _classic_session_id(call, session_id)
    if body.get("private"):
        response["private"] = True
    call.response = ClassicResponse.of_json(response)


async def submitted_job(call: ClassicCall) -> None:
    """Write the response in the form of 2021 if the request has that form."""
    if call.response is not None and call.era == "2021":
        call.response = ClassicResponse.of_json(camel_case(call.response.json()))


async def classic_job(call: ClassicCall) -> None:
    """Show one job in the classic form."""
    job = call.document()
    if isinstance(job, dict):
        shown = await _shown(call, job, await call.resources.jobs.find(str(job.get("id"))))
        call.response = ClassicResponse.of_json(shown)


async def classic_jobs(call: ClassicCall) -> None:
    """Show a page of jobs in the classic form."""
    page = call.document()
    if not isinstance(page, dict) or not isinstance(page.get("jobs"), list):
        return
    ids = [str(job.get("id")) for job in page["jobs"]]
    known = await anyio.to_thread.run_sync(call.resources.jobs.several, ids)
    page["jobs"] = [await _shown(call, job, known.get(str(job.get("id")))) for job in page["jobs"]]
    call.response = ClassicResponse.of_json(page)


async def _shown(call: ClassicCall, job: dict[str, Any], known: KnownJob | None) -> dict[str, Any]:
    shown = dict(job)
    state = dict(job.get("state") or {})
    shown["state"] = {
        "status": state.get("status") or job.get("status"),
        "reason": state.get("reason") or "",
        "reasonCode": state.get("reason_code"),
    }
    if state.get("reason_solution"):
        call.note("state.reason_solution", "removed: the classic API had no such field")
    own = call.resources.instances.name_of(call.client.settings.instance)
    listed = call.kept.get("instance_names", {}).get(str(job.get("id")), own)
    name = (known.name if known else None) or listed
    parts = name.split("/") if name and not name.startswith("crn:") else []
    shown |= dict(zip(PARTS, parts if len(parts) == len(PARTS) else [None] * len(PARTS), strict=True))
    if known is not None and isinstance(job.get("program"), dict):
        shown["program"] = {**job["program"], "id": known.program_id}
    shown["tags"] = [tag for tag in job.get("tags") or [] if not str(tag).startswith(TAG_PREFIX)]
    if job.get("session_id"):
        shown["session_id"] = await _classic_session_id(call, job["session_id"])
    return dict(camel_case(shown)) if call.era == "2021" else shown


async def _classic_session_id(call: ClassicCall, session_id: str) -> str:
    return await anyio.to_thread.run_sync(call.resources.jobs.classic_session, session_id) or session_id


def is_oldest_form(body: Any) -> bool:
    """Whether the body of a job has the form of 2021."""
    return isinstance(body, dict) and ("programId" in body or isinstance(body.get("params"), list))


async def era_body(call: ClassicCall) -> None:
    """Convert the body of a job to the form of 2023: snake_case, and params as an object instead of JSON texts."""
    body = call.fields()
    for name in [name for name in body if name != snake_case(name)]:
        call.note(name, f"is {snake_case(name)} now")
        body[snake_case(name)] = body.pop(name)
    params = body.get("params")
    if isinstance(params, list):
        call.note("params", "was a list of JSON texts; it is an object now")
        body["params"] = _joined(params)
    elif isinstance(params, str):
        call.note("params", "was a JSON text; it is an object now")
        body["params"] = _joined([params])


def _joined(texts: list[Any]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for text in texts:
        try:
            part = json.loads(text) if isinstance(text, str) else text
        except ValueError as error:
            raise ClassicError(INVALID_INPUT, f"params: not JSON ({error}).") from None
        if not isinstance(part, dict):
            raise ClassicError(INVALID_INPUT, "params: each text must be a JSON object.")
        params |= part
    return params


def snake_case(name: str) -> str:
    """`programId` as `program_id`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def camel_case(value: Any) -> Any:
    """A copy of plain Python with all keys in camelCase, at every depth."""
    if isinstance(value, dict):
        return {_camel(key): camel_case(item) for key, item in value.items()}
    return [camel_case(item) for item in value] if isinstance(value, list) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
