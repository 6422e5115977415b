"""The narrowest list that shows a number of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..base.json_members import member_object, member_text, member_texts
from .watched import Watched

__all__ = ["narrowed_to"]


SAME: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    "session_id": lambda raw: member_text(raw, "session_id"),
    "backend": lambda raw: member_text(raw, "backend"),
    "program": lambda raw: member_text(member_object(raw, "program"), "id"),
}
"""Filters of `list_jobs` that serve when all jobs have the same."""


def narrowed_to(jobs: Sequence[Watched]) -> dict[str, Any]:
    """Filters of `list_jobs` that all `jobs` (one or more) pass, as far as is known of them."""
    filters: dict[str, Any] = {}
    for name, of in SAME.items():
        values = {of(job.raw) for job in jobs}
        if len(values) == 1 and (value := values.pop()):
            filters[name] = value
    if shared := set.intersection(*(set(member_texts(job.raw, "tags")) for job in jobs)):
        filters["tags"] = sorted(shared)
    firsts, lasts = zip(*(job.created_between() for job in jobs), strict=True)
    if None not in firsts:
        filters["created_after"] = min(firsts)
    if None not in lasts:
        filters["created_before"] = max(lasts)
    return filters
