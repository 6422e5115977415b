"""Usage over all instances of the account, whichever instance asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import PAYLOAD_NOT_VALID, ServiceError
from ..routing import ServiceRequest, ServiceResponse
from ..state.analytics import GROUPS, Run, RunFilter, day_of, grouped, instances_of, metrics, runs_of
from ..state.clock import isoformat, seconds

_USUAL_SECONDS = 28 * 86_400


async def get_analytics_usage(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/analytics/usage`: all metrics of the chosen jobs."""
    return ServiceResponse(body=metrics(_runs(request)))


async def get_analytics_usage_grouped(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/analytics/usage_grouped`: the metrics of each instance, backend, user, plan or subscription."""
    groups = grouped(_runs(request), GROUPS[request.query["group_by"]])
    return ServiceResponse(body={"data": [{"key": key, **metrics(runs)} for key, runs in sorted(groups.items())]})


async def get_analytics_usage_grouped_by_date(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/analytics/usage_grouped_by_date`: the same for each day (UTC) with jobs.

    Without an interval, the last 28 days.
    """
    end = seconds(request.query["interval_end"])
    end = request.service.clock.now() if end is None else end
    start = seconds(request.query["interval_start"])
    start = end - _USUAL_SECONDS if start is None else start
    runs = [run for run in _runs(request) if start <= run.job.created < end or run.job.created == end]
    rows = []
    for day, of_day in sorted(grouped(runs, lambda run: day_of(run).isoformat()).items()):
        begins = datetime.fromisoformat(day).replace(tzinfo=UTC)
        interval = {
            "interval_start": isoformat(begins.timestamp()),
            "interval_end": isoformat((begins + timedelta(days=1)).timestamp()),
        }
        for key, of_key in sorted(grouped(of_day, GROUPS[request.query["group_by"]]).items()):
            rows.append({"key": key, **interval, **metrics(of_key)})
    return ServiceResponse(body={"interval_start": isoformat(start), "interval_end": isoformat(end), "data": rows})


async def get_analytics_filters(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/analytics/filters`: the values that the other operations accept as conditions."""
    wanted = request.query["instance"]
    runs = [run for run in _all_runs(request) if not wanted or run.job.instance in wanted]
    plans = {run.plan.name: run.plan for run in runs}
    body: dict[str, list[dict[str, Any]]] = {
        "backends": [{"name": name} for name in sorted({run.job.backend for run in runs})],
        "instances": [{"id": one.crn, "deleted": False} for one in instances_of(runs, request.service.instances)],
        "users": [{"id": user} for user in sorted({run.job.user_id for run in runs})],
        "plans": [{"name": name} for name in sorted(plans)],
        "subscriptions": [{"id": plan.subscription_id, "name": plan.display_name} for _, plan in sorted(plans.items())],
    }
    return ServiceResponse(body=body)


def _runs(request: ServiceRequest) -> list[Run]:
    start, end = seconds(request.query["interval_start"]), seconds(request.query["interval_end"])
    if start is not None and end is not None and start > end:
        raise ServiceError(PAYLOAD_NOT_VALID, "interval_start must not be after interval_end.")
    where = RunFilter(groups={name: request.query[name] or () for name in GROUPS}, start=start, end=end)
    return [run for run in _all_runs(request) if where.matches(run)]


def _all_runs(request: ServiceRequest) -> list[Run]:
    service = request.service
    return runs_of(service.jobs, service.sessions, service.instances)
