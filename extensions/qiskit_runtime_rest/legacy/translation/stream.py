"""The messages of the WebSocket `/stream/jobs/{id}`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import anyio.to_thread

from ...waiting import JobSnapshot, PollInterval
from .call import ClassicCall
from .primitives import primitive_v1

__all__ = ["messages"]


async def messages(
    call: ClassicCall,
    *,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[str]:
    """The job id, each interim result when it appears, and the result of a job that did not fail.

    Args:
        call: the call that opened the stream.
        sleep, clock: wait, and tell the time, in seconds.

    Raises: ApiError, TransportError.
    """
    job_id = call.names["id"]
    listening = f"Listening to job {job_id}."
    if (local := call.kept.get("local_job")) is not None:
        yield listening
        texts = local.messages()
        while (text := await anyio.to_thread.run_sync(next, texts, None)) is not None:
            yield text
        return
    job = await _job(call)
    yield listening
    poll_interval, seen, since = PollInterval(), 0, clock()
    while True:
        interim = await call.send("GET /v1/jobs/{id}/interim_results", names={"id": job_id})
        lines = interim.text.splitlines() if interim.status_code == 200 else []
        for line in lines[seen:]:
            yield line
        seen = max(seen, len(lines))
        if job.is_final:  # as of before the request: no interim result is missed
            break
        await sleep(poll_interval.interval(clock() - since))
        before, job = job, await _job(call)
        if job.status != before.status:
            since = clock()
    if job.failure is None:
        call.v1_response = await call.send("GET /v1/jobs/{id}/results", names={"id": job_id})
        await primitive_v1(call)
        yield (call.response or call.unchanged()).body.decode(errors="replace")


async def _job(call: ClassicCall) -> JobSnapshot:
    job_id = call.names["id"]
    found = await call.send("GET /v1/jobs/{id}", names={"id": job_id})
    return JobSnapshot.from_json(found.json(), job_id=job_id)
