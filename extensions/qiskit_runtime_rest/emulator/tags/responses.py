"""Answers about tags."""

from __future__ import annotations

from ..routing import Answer, Call

__all__ = ["list_tags"]

# The contract's list of tags is that of a job, which may have so many.
_MOST_TAGS = 8


async def list_tags(call: Call) -> Answer:
    """`GET /v1/tags`: the tags of the instance's jobs in which the text occurs, in alphabetical order."""
    search = call.query["search"].lower()
    jobs = call.service.jobs.visible(instance=call.instance.crn)
    found = sorted({tag for job in jobs for tag in job.tags if search in tag.lower()})
    return Answer(body={"tags": found[:_MOST_TAGS]})
