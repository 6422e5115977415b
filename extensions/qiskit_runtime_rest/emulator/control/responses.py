"""Answers of the control plane."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from attrs import frozen

from ..faults.models import FaultRule, FaultRules
from ..pace import Pace
from ..recorder import Recorder
from ..routing import Answer, Call, Handler

__all__ = ["Control", "json_only"]


class _BadControl(ValueError):
    """The control call makes no sense; the text says why."""


async def _json(call: Call) -> Any:
    try:
        return json.loads(await call.request.body() or b"{}")
    except ValueError as error:
        raise _BadControl(f"The body is not JSON: {error}") from None


async def _field(call: Call, name: str) -> Any:
    body = await _json(call)
    if not isinstance(body, dict) or set(body) != {name}:
        raise _BadControl(f"Send a JSON object with {name!r} and nothing else.")
    return body[name]


def _refused(problem: Exception) -> Answer:
    return Answer(status=400, body={"error": str(problem)})


def json_only(handler: Handler) -> Handler:
    """`handler`, for requests that call their body JSON: a page of another site cannot, without asking first."""

    @wraps(handler)
    async def checked(call: Call) -> Answer:
        if call.request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            problem = (
                "Send Content-Type: application/json (curl: --json). Without it any page open in a browser on this "
                "machine could post here."
            )
            return Answer(status=415, body={"error": problem})
        return await handler(call)

    return checked


@frozen
class Control:
    """Handlers that need what lies around the service: its faults and the record of requests."""

    faults: FaultRules
    recorder: Recorder
    reset_all: Callable[[], None]

    async def health(self, call: Call) -> Answer:
        """`GET health`: that it runs, and what it holds."""
        service = call.service
        jobs = Counter(str(job.status) for job in service.jobs.accounted() if not job.deleted)
        return Answer(
            body={
                "status": "ok",
                "pid": os.getpid(),
                "now": service.clock.now(),
                "jobs": dict(jobs),
                "sessions": sum(1 for _ in service.sessions),
                "pace": service.execution.pace.as_json(),
                "seed": service.identifiers.seed,
            }
        )

    async def reset(self, call: Call) -> Answer:
        """`POST reset`: everything as at the start, without faults."""
        del call
        self.reset_all()
        return Answer(status=204)

    async def get_seed(self, call: Call) -> Answer:
        """`GET seed`."""
        return Answer(body={"seed": call.service.identifiers.seed})

    async def set_seed(self, call: Call) -> Answer:
        """`POST seed` with `{"seed": n}`, or `null` for runs that differ."""
        try:
            seed = await _field(call, "seed")
            if seed is not None and not isinstance(seed, int):
                raise _BadControl("The seed is an integer or null.")
        except _BadControl as problem:
            return _refused(problem)
        call.service.identifiers.reseed(seed)
        return await self.get_seed(call)

    async def get_clock(self, call: Call) -> Answer:
        """`GET clock`: seconds since the epoch, and whether they only pass on demand."""
        clock = call.service.clock
        return Answer(body={"now": clock.now(), "virtual": clock.virtual})

    async def advance_clock(self, call: Call) -> Answer:
        """`POST clock` with `{"advance": seconds}`; jobs that end by then have ended when this answers."""
        try:
            call.service.clock.advance(float(await _field(call, "advance")))
        except (ValueError, TypeError) as problem:
            return _refused(problem)
        await call.service.execution.settled()
        return await self.get_clock(call)

    async def get_pace(self, call: Call) -> Answer:
        """`GET pace`."""
        return Answer(body={"pace": call.service.execution.pace.as_json()})

    async def set_pace(self, call: Call) -> Answer:
        """`POST pace` with `{"pace": "seconds:5"}` or a step for each state; it holds for all pending jobs."""
        try:
            call.service.execution.pace = Pace.parse(await _field(call, "pace"))
        except ValueError as problem:
            return _refused(problem)
        call.service.execution.settle()
        return await self.get_pace(call)

    async def list_faults(self, call: Call) -> Answer:
        """`GET faults`."""
        del call
        return Answer(body={"faults": [rule.as_json() for rule in self.faults.all()]})

    async def add_faults(self, call: Call) -> Answer:
        """`POST faults`: one rule or a list of rules; answers them with their ids."""
        try:
            given = await _json(call)
            given = given if isinstance(given, list) else [given]
            rules = [self.faults.checked(FaultRule.parse(one)) for one in given]
        except ValueError as problem:
            return _refused(problem)
        return Answer(status=201, body={"faults": [self.faults.add(rule).as_json() for rule in rules]})

    async def clear_faults(self, call: Call) -> Answer:
        """`DELETE faults`."""
        del call
        self.faults.clear()
        return Answer(status=204)

    async def remove_fault(self, call: Call) -> Answer:
        """`DELETE faults/{id}`."""
        if not self.faults.remove(int(call.path["id"])):
            return Answer(status=404, body={"error": f"There is no fault rule {call.path['id']}."})
        return Answer(status=204)

    async def list_requests(self, call: Call) -> Answer:
        """`GET requests`, with `?operation=` only those to one operation; keys and tokens are blanked."""
        wanted = call.request.query_params.get("operation")
        found = [one for one in self.recorder.all() if wanted in {None, one.operation}]
        return Answer(body={"requests": [one.as_json() for one in found]})

    async def clear_requests(self, call: Call) -> Answer:
        """`DELETE requests`."""
        del call
        self.recorder.clear()
        return Answer(status=204)

    async def publish_interim(self, call: Call) -> Answer:
        """`POST jobs/{job_id}/interim_results`: the body becomes what a program has published so far.

        The simulated programs publish nothing; this stands in for one that does.
        """
        job = call.service.jobs.get(call.path["job_id"])
        if job is None or job.ended:
            return Answer(status=404, body={"error": "There is no such pending job."})
        text = (await call.request.body()).decode("utf-8", "replace")
        call.service.jobs.publish_interim(job, text)
        return Answer(status=204)

    async def circuits(self, call: Call) -> Answer:
        """`GET jobs/{job_id}/circuits`: what `transpiled_circuits` of older API versions points at."""
        job = call.service.jobs.get(call.path["job_id"])
        params = call.service.jobs.params(job) if job is not None else None
        if params is None:
            return Answer(status=404, body={"error": "There are no circuits."})
        return Answer(body=params.get("pubs", []) if isinstance(params, dict) else [])
