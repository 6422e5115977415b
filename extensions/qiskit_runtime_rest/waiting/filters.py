"""The narrowest list that shows a number of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .watched import Watched

__all__ = ["narrowed_to"]


def _program(raw: Mapping[str, Any]) -> Any:
    program = raw.get("program")
    return program.get("id") if isinstance(program, Mapping) else None


SAME: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "session_id": lambda raw: raw.get("session_id"),
    "backend": lambda raw: raw.get("backend"),
    "program": _program,
}
"""Filters of `list_jobs` that serve when all jobs have the same."""


def narrowed_to(jobs: Sequence[Watched]) -> dict[str, Any]:
    """Filters of `list_jobs` that all `jobs` (one or more) pass, as far as is known of them."""
    filters: dict[str, Any] = {}
    for name, of in SAME.items():
        values = {value if isinstance(value := of(job.raw), str) else None for job in jobs}
        if len(values) == 1 and (value := values.pop()):
            filters[name] = value
    if shared := set.intersection(*(_tags(job.raw) for job in jobs)):
        filters["tags"] = sorted(shared)
    firsts, lasts = zip(*(job.created_between() for job in jobs), strict=True)
    if None not in firsts:
        filters["created_after"] = datetime.fromtimestamp(min(firsts), UTC)
    if None not in lasts:
        filters["created_before"] = datetime.fromtimestamp(max(lasts), UTC)
    return filters


def _tags(raw: Mapping[str, Any]) -> set[str]:
    tags = raw.get("tags")
    return {tag for tag in tags if isinstance(tag, str) and tag} if isinstance(tags, list | tuple) else set()
