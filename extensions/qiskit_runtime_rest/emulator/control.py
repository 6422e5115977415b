"""The control plane below `/_emulator`, for tests and tools in any language. Not part of the service."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from attrs import frozen

from .faults import FaultRule, FaultRules
from .recorder import Recorder
from .request_check import parse_json
from .routing import Handler, Route, ServiceRequest, ServiceResponse
from .state.progress import Progress

__all__ = ["PREFIX", "Control", "control_routes"]

PREFIX = "/_emulator"


class _BadControl(ValueError):
    """The request is not valid; the text says why."""


async def _json(request: ServiceRequest) -> Any:
    try:
        return parse_json(await request.http.body() or b"{}")
    except ValueError as error:
        raise _BadControl(f"The body is not JSON: {error}") from None


async def _field(request: ServiceRequest, name: str) -> Any:
    body = await _json(request)
    if not isinstance(body, dict) or set(body) != {name}:
        raise _BadControl(f"Send a JSON object with {name!r} and nothing else.")
    return body[name]


def _refused(problem: Exception) -> ServiceResponse:
    return ServiceResponse(status=400, body={"error": str(problem)})


def _json_only(handler: Handler) -> Handler:
    """Refuse requests without a JSON content type: a page of another site cannot send that without a preflight."""

    @wraps(handler)
    async def checked(request: ServiceRequest) -> ServiceResponse:
        if request.http.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            problem = (
                "Send Content-Type: application/json (curl: --json). Otherwise any page open in a browser on this "
                "machine could post here."
            )
            return ServiceResponse(status=415, body={"error": problem})
        return await handler(request)

    return checked


@frozen
class Control:
    """The handlers of one running server."""

    faults: FaultRules
    recorder: Recorder
    reset_all: Callable[[], None]

    async def health(self, request: ServiceRequest) -> ServiceResponse:
        """`GET health`: the state of the server, in numbers."""
        service = request.service
        jobs = Counter(str(job.status) for job in service.jobs.accounted() if not job.deleted)
        return ServiceResponse(
            body={
                "status": "ok",
                "pid": os.getpid(),
                "now": service.clock.now(),
                "jobs": dict(jobs),
                "sessions": sum(1 for _ in service.sessions),
                "pace": service.execution.progress.as_json(),
                "seed": service.identifiers.seed,
            }
        )

    async def reset(self, request: ServiceRequest) -> ServiceResponse:
        """`POST reset`: back to the start, without jobs, sessions, faults and recorded requests."""
        del request
        self.reset_all()
        return ServiceResponse(status=204)

    async def get_seed(self, request: ServiceRequest) -> ServiceResponse:
        """`GET seed`."""
        return ServiceResponse(body={"seed": request.service.identifiers.seed})

    async def set_seed(self, request: ServiceRequest) -> ServiceResponse:
        """`POST seed` with `{"seed": n}`, or `null` for random runs."""
        try:
            seed = await _field(request, "seed")
            if seed is not None and not isinstance(seed, int):
                raise _BadControl("seed must be an integer or null.")
        except _BadControl as problem:
            return _refused(problem)
        request.service.identifiers.reseed(seed)
        return await self.get_seed(request)

    async def get_clock(self, request: ServiceRequest) -> ServiceResponse:
        """`GET clock`: seconds since the epoch, and whether the clock is virtual."""
        clock = request.service.clock
        return ServiceResponse(body={"now": clock.now(), "virtual": clock.virtual})

    async def advance_clock(self, request: ServiceRequest) -> ServiceResponse:
        """`POST clock` with `{"advance": seconds}`; jobs that end by then have ended when it responds."""
        try:
            request.service.clock.advance(float(await _field(request, "advance")))
        except (ValueError, TypeError) as problem:
            return _refused(problem)
        await request.service.execution.settled()
        return await self.get_clock(request)

    async def get_pace(self, request: ServiceRequest) -> ServiceResponse:
        """`GET pace`."""
        return ServiceResponse(body={"pace": request.service.execution.progress.as_json()})

    async def set_pace(self, request: ServiceRequest) -> ServiceResponse:
        """`POST pace` with `{"pace": "seconds:5"}` or a step for each state; it applies to all pending jobs."""
        try:
            request.service.execution.progress = Progress.parse(await _field(request, "pace"))
        except ValueError as problem:
            return _refused(problem)
        request.service.execution.settle()
        return await self.get_pace(request)

    async def list_faults(self, request: ServiceRequest) -> ServiceResponse:
        """`GET faults`."""
        del request
        return ServiceResponse(body={"faults": [rule.as_json() for rule in self.faults.all()]})

    async def add_faults(self, request: ServiceRequest) -> ServiceResponse:
        """`POST faults`: one rule or a list of rules; returns them with their ids."""
        try:
            given = await _json(request)
            given = given if isinstance(given, list) else [given]
            rules = [self.faults.checked(FaultRule.parse(one)) for one in given]
        except ValueError as problem:
            return _refused(problem)
        return ServiceResponse(status=201, body={"faults": [self.faults.add(rule).as_json() for rule in rules]})

    async def clear_faults(self, request: ServiceRequest) -> ServiceResponse:
        """`DELETE faults`."""
        del request
        self.faults.clear()
        return ServiceResponse(status=204)

    async def remove_fault(self, request: ServiceRequest) -> ServiceResponse:
        """`DELETE faults/{id}`."""
        given = request.path["id"]
        found = next((rule.id for rule in self.faults.all() if str(rule.id) == given), None)
        if found is None:
            return ServiceResponse(status=404, body={"error": f"There is no fault rule {given[:100]}."})
        self.faults.remove(found)
        return ServiceResponse(status=204)

    async def list_devices(self, request: ServiceRequest) -> ServiceResponse:
        """`GET devices`: the devices, and how they are."""
        return ServiceResponse(body={"devices": request.service.fleet.as_json()})

    async def set_devices(self, request: ServiceRequest) -> ServiceResponse:
        """`POST devices` with `{"name": ..., "status": ..., "reason": ..., "queue_length": ...}`, or a list of them."""
        try:
            body = await _json(request)
            for entry in body if isinstance(body, list) else [body]:
                if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                    raise _BadControl("Send JSON objects with the 'name' of a device.")
                changes = {key: value for key, value in entry.items() if key != "name"}
                request.service.fleet.set(entry["name"], changes)
        except ValueError as problem:
            return _refused(problem)
        request.service.execution.settle()
        return await self.list_devices(request)

    async def list_requests(self, request: ServiceRequest) -> ServiceResponse:
        """`GET requests`: the recorded requests; `?operation=` selects those to one operation. Secrets are blanked."""
        wanted = request.http.query_params.get("operation")
        found = [one for one in self.recorder.all() if wanted in {None, one.operation}]
        return ServiceResponse(body={"requests": [one.as_json() for one in found]})

    async def clear_requests(self, request: ServiceRequest) -> ServiceResponse:
        """`DELETE requests`."""
        del request
        self.recorder.clear()
        return ServiceResponse(status=204)

    async def publish_interim(self, request: ServiceRequest) -> ServiceResponse:
        """`POST jobs/{job_id}/interim_results`: the body becomes the job's interim result.

        The simulated programs publish none, so a test does it for them.
        """
        job = request.service.jobs.get(request.path["job_id"])
        if job is None or job.ended:
            return ServiceResponse(status=404, body={"error": "There is no such pending job."})
        text = (await request.http.body()).decode("utf-8", "replace")
        request.service.jobs.publish_interim(job, text)
        return ServiceResponse(status=204)

    async def circuits(self, request: ServiceRequest) -> ServiceResponse:
        """`GET jobs/{job_id}/circuits`: the circuits behind the URL of `transpiled_circuits`."""
        job = request.service.jobs.get(request.path["job_id"])
        params = request.service.jobs.params(job) if job is not None else None
        if params is None:
            return ServiceResponse(status=404, body={"error": "There are no circuits."})
        return ServiceResponse(body=params.get("pubs", []) if isinstance(params, dict) else [])


def control_routes(control: Control) -> tuple[Route, ...]:
    """The route table; unlike the service's, its handlers belong to one running server."""
    table = (
        ("GET", "/health", control.health),
        ("POST", "/reset", control.reset),
        ("GET", "/seed", control.get_seed),
        ("POST", "/seed", control.set_seed),
        ("GET", "/clock", control.get_clock),
        ("POST", "/clock", control.advance_clock),
        ("GET", "/pace", control.get_pace),
        ("POST", "/pace", control.set_pace),
        ("GET", "/faults", control.list_faults),
        ("POST", "/faults", control.add_faults),
        ("DELETE", "/faults", control.clear_faults),
        ("DELETE", "/faults/{id}", control.remove_fault),
        ("GET", "/devices", control.list_devices),
        ("POST", "/devices", control.set_devices),
        ("GET", "/requests", control.list_requests),
        ("DELETE", "/requests", control.clear_requests),
        ("GET", "/jobs/{job_id}/circuits", control.circuits),
        ("POST", "/jobs/{job_id}/interim_results", control.publish_interim),
    )
    return tuple(
        Route(
            method,
            f"{PREFIX}{path}",
            _json_only(handler) if method == "POST" else handler,
            public=True,
            contracted=False,
        )
        for method, path, handler in table
    )
