"""Answers about usage. All instances of the account are seen, from whichever one asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ..clock import isoformat, seconds
from ..errors import PAYLOAD_NOT_VALID, ServiceError
from ..routing import Answer, Call
from .models import GROUPS, Run, RunFilter, day_of, grouped, instances_of, metrics, runs_of

__all__ = [
    "get_analytics_filters",
    "get_analytics_usage",
    "get_analytics_usage_grouped",
    "get_analytics_usage_grouped_by_date",
]

_USUAL_INTERVAL = timedelta(days=28)


async def get_analytics_usage(call: Call) -> Answer:
    """`GET /v1/analytics/usage`: all metrics over the chosen jobs."""
    return Answer(body=metrics(_runs(call)))


async def get_analytics_usage_grouped(call: Call) -> Answer:
    """`GET /v1/analytics/usage_grouped`: the same, for each instance, backend, user, plan or subscription."""
    groups = grouped(_runs(call), GROUPS[call.query["group_by"]])
    return Answer(body={"data": [{"key": key, **metrics(runs)} for key, runs in sorted(groups.items())]})


async def get_analytics_usage_grouped_by_date(call: Call) -> Answer:
    """`GET /v1/analytics/usage_grouped_by_date`: the same, for each instance and day (UTC) with jobs.

    Without an interval, the last 28 days.
    """
    now = datetime.fromtimestamp(call.service.clock.now(), UTC)
    end = seconds(call.query["interval_end"]) or now.timestamp()
    start = seconds(call.query["interval_start"])
    if start is None:
        start = (datetime.fromtimestamp(end, UTC) - _USUAL_INTERVAL).timestamp()
    runs = [run for run in _runs(call) if start <= run.job.created < end or run.job.created == end]
    rows = []
    for day, of_day in sorted(grouped(runs, lambda run: day_of(run).isoformat()).items()):
        begins = datetime.fromisoformat(day).replace(tzinfo=UTC)
        interval = {
            "interval_start": isoformat(begins.timestamp()),
            "interval_end": isoformat((begins + timedelta(days=1)).timestamp()),
        }
        for key, of_key in sorted(grouped(of_day, GROUPS[call.query["group_by"]]).items()):
            rows.append({"key": key, **interval, **metrics(of_key)})
    return Answer(body={"interval_start": isoformat(start), "interval_end": isoformat(end), "data": rows})


async def get_analytics_filters(call: Call) -> Answer:
    """`GET /v1/analytics/filters`: which values the other calls can be narrowed to."""
    wanted = call.query["instance"]
    runs = [run for run in runs_of(call.service) if not wanted or run.job.instance in wanted]
    plans = {run.plan.name: run.plan for run in runs}
    body: dict[str, list[dict[str, Any]]] = {
        "backends": [{"name": name} for name in sorted({run.job.backend for run in runs})],
        "instances": [{"id": one.crn, "deleted": False} for one in instances_of(call.service, runs)],
        "users": [{"id": user} for user in sorted({run.job.user_id for run in runs})],
        "plans": [{"name": name} for name in sorted(plans)],
        "subscriptions": [{"id": plan.subscription_id, "name": plan.display_name} for _, plan in sorted(plans.items())],
    }
    return Answer(body=body)


def _runs(call: Call) -> list[Run]:
    start, end = seconds(call.query["interval_start"]), seconds(call.query["interval_end"])
    if start is not None and end is not None and start > end:
        raise ServiceError(PAYLOAD_NOT_VALID, "interval_start lies after interval_end.")
    where = RunFilter(groups={name: call.query[name] or () for name in GROUPS}, start=start, end=end)
    return [run for run in runs_of(call.service) if where.matches(run)]
