"""What belongs to the caller: the account, tags, workloads."""

from __future__ import annotations

from ...config.crn import Crn
from ...submission.submitter import TAG_PREFIX
from ..call import Call
from ..exchange import ClassicAnswer

__all__ = ["job_tags", "own_account", "own_workloads"]


async def own_account(call: Call) -> None:
    """The account is the one in the instance's CRN."""
    crn = Crn.parse(call.client.settings.instance or "")
    call.names["id"] = crn.account.removeprefix("a/")
    call.note("id", "the account in the instance's CRN")


async def job_tags(call: Call) -> None:
    """Tags of jobs. v1 only searches for them; without a search they are gathered from the jobs."""
    call.query.setdefault("type", ["job"])
    if call.query.get("search", [""])[-1]:
        return
    call.note("search", "is required now; without one, the tags of all jobs are gathered")
    tags = {tag async for job in call.client.jobs.list() for tag in job.tags if not tag.startswith(TAG_PREFIX)}
    call.answer = ClassicAnswer.of_json({"tags": sorted(tags)})


async def own_workloads(call: Call) -> None:
    """Of the workloads, the caller's own."""
    call.query["user"] = ["me"]
