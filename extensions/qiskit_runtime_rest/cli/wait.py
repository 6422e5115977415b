"""`qrr wait`: follow one job or many until they have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..base.text import printable
from ..errors import WaitTimeout
from .exit_status import FAILED, TIMED_OUT
from .job_status import showing_many, showing_status
from .options import JsonLinesOption, ServiceOptions, with_service_options
from .terminal import print_json, say, working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..client.client import RuntimeClient
    from ..client.job import Job

__all__ = ["Timeout", "to_wait_for", "wait", "wait_for_all"]

Timeout = Annotated[float | None, typer.Option(help="Seconds to wait at most. After them the exit status is 3.")]


def to_wait_for(client: RuntimeClient, job_id: str, timeout: float | None) -> Job:
    """The handle to wait on.

    With a timeout it sends no request yet, so that the timeout counts for the first one too. Without one it fetches
    the job, so that a wrong address or id is an error at once.
    """
    if timeout is not None:
        return client.jobs.handle(job_id)
    with working(f"reading job {job_id}"):
        return client.jobs.get(job_id)


@with_service_options
def wait(
    options: ServiceOptions,
    job_ids: Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of the jobs.")],
    *,
    timeout: Timeout = None,
    json: JsonLinesOption = False,
) -> None:
    """Wait until jobs have ended, and print their last status."""
    with options.client() as client:
        if len(job_ids) > 1:
            wait_for_all(client, [client.jobs.handle(job_id) for job_id in job_ids], timeout=timeout, json=json)
            return
        job = to_wait_for(client, job_ids[0], timeout)
        with showing_status(job.id) as on_status:
            status = job.wait(timeout=timeout, on_status=on_status)
    if json:
        print_json({"id": job.id, "status": str(status), "waited": round(status.waited, 3)})
    else:
        typer.echo(printable(status))


def wait_for_all(
    client: RuntimeClient, jobs: Sequence[Job], *, timeout: float | None = None, json: bool = False
) -> None:
    """Wait for `jobs`, with a live view, and print a line for each. Exit status 1 if one of them did not complete."""
    try:
        with showing_many([job.id for job in jobs]) as on_status:
            client.jobs.wait_all(jobs, timeout=timeout, on_status=on_status, results=False)
    except WaitTimeout as late:
        left = f"{len(late.job_ids)} of {len(jobs)} jobs are not finished"
        say(f"{left}. To wait again: qrr wait {' '.join(late.job_ids)}", label="error")
        raise typer.Exit(TIMED_OUT) from None
    for job in jobs:
        error = None if job.failure is None else str(job.failure)
        status = job.raw.get("status") or "unknown"
        if json:
            print_json({"id": job.id, "status": status, "error": error})
        else:
            typer.echo(printable(f"{job.id}  {status}{f'  {error}' if error else ''}"))
    if any(job.failure for job in jobs):
        raise typer.Exit(FAILED)
