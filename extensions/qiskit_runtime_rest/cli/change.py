"""`qrr cancel`, `delete` and `tags`: change jobs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..base.text import printable
from ..errors import InvalidInput
from .jobs import own_tags
from .options import JsonLinesOption, JsonOption, ServiceOptions, with_service_options
from .terminal import print_json, say, working

__all__ = ["cancel", "delete", "tags"]

JobIds = Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of the jobs.")]
LEAST_SEARCH = 3
"""The service searches for tags by this many characters or more."""


@with_service_options
def cancel(options: ServiceOptions, job_ids: JobIds, *, json: JsonLinesOption = False) -> None:
    """Cancel jobs that are queued or running."""
    with options.client() as client:
        for job_id in job_ids:
            with working(f"cancelling job {job_id}"):
                client.jobs.get(job_id).cancel()
            if json:
                print_json({"id": job_id, "cancelled": True})
            else:
                say(f"job {job_id} is being cancelled.")


@with_service_options
def delete(
    options: ServiceOptions,
    job_ids: JobIds,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonLinesOption = False,
) -> None:
    """Delete jobs that have ended, with their params and results."""
    if not yes:
        _confirm(job_ids)
    with options.client() as client:
        for job_id in job_ids:
            with working(f"deleting job {job_id}"):
                client.jobs.handle(job_id).delete()
            if json:
                print_json({"id": job_id, "deleted": True})
            else:
                say(f"job {job_id} is deleted.")


def _confirm(job_ids: list[str]) -> None:
    if not sys.stdin.isatty():
        raise InvalidInput("deleted jobs cannot be restored, and stdin is not a terminal to ask on: add --yes.")
    what = f"job {job_ids[0]}" if len(job_ids) == 1 else f"{len(job_ids)} jobs"
    if not typer.confirm(f"Delete {what}, with params and results", err=True):
        say("nothing was deleted.")
        raise typer.Exit


@with_service_options
def tags(
    options: ServiceOptions,
    job_id: Annotated[str | None, typer.Argument(metavar="[JOB]", help="Id of a job.")] = None,
    *,
    add: Annotated[list[str] | None, typer.Option(metavar="TAG", help="Add a tag. Can be repeated.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="TAG", help="Remove a tag. Can be repeated.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Without a job: the tags of all jobs that contain this text.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show, add or remove tags of a job, or search for tags."""
    if (job_id is None) == (search is None):
        raise InvalidInput("expected the id of a job, or --search TEXT.")
    if search is not None:
        if add or remove:
            raise InvalidInput("--add and --remove need the id of a job.")
        found = _search(options, search)
    else:
        assert job_id is not None
        with options.client() as client, working("reading tags"):
            job = client.jobs.get(job_id)
            if add or remove:
                kept = [tag for tag in job.tags if tag not in (remove or ())]
                job.replace_tags(list(dict.fromkeys([*kept, *(add or ())])))
        found = own_tags(job.raw)
    if json:
        print_json({"tags": found} if job_id is None else {"id": job_id, "tags": found})
        return
    for tag in found:
        typer.echo(printable(tag))
    if not found:
        say("no tags.")


def _search(options: ServiceOptions, text: str) -> list[str]:
    from qiskit_runtime_api.api.tags import list_tags

    if len(text) < LEAST_SEARCH:
        raise InvalidInput(f"--search {text!r}: expected {LEAST_SEARCH} characters or more.")
    with options.client() as client, working("searching for tags"):
        found = list_tags.sync(client=client.api, search=text)
    return own_tags(found.to_dict() if found is not None else {})
