"""Usage and queue times, computed from the jobs that ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from .instances import Instance, Instances, Plan
    from .job import Job
    from .jobs import Jobs
    from .sessions import Sessions

__all__ = ["GROUPS", "Run", "RunFilter", "day_of", "grouped", "instances_of", "metrics", "runs_of"]


@frozen(kw_only=True)
class Run:
    """A job that ran, with the plan and the session mode that it counts for."""

    job: Job
    plan: Plan
    session_mode: str | None

    @property
    def queue_seconds(self) -> float:
        """Seconds in the queue."""
        return (self.job.started or self.job.created) - self.job.created


GROUPS: dict[str, Callable[[Run], str]] = {
    "instance": lambda run: run.job.instance,
    "backend": lambda run: run.job.backend,
    "user_id": lambda run: run.job.user_id,
    "plan": lambda run: run.plan.name,
    "subscription_id": lambda run: run.plan.subscription_id,
}


@frozen(kw_only=True)
class RunFilter:
    """Conditions for runs; empty and `None` mean any. The time of a run is when its job was created."""

    groups: dict[str, Collection[str]]
    """Accepted values, by the names of `GROUPS`."""
    start: float | None = None
    end: float | None = None

    def matches(self, run: Run) -> bool:
        """Whether the run meets the conditions."""
        return (
            all(not values or GROUPS[name](run) in values for name, values in self.groups.items())
            and (self.start is None or run.job.created >= self.start)
            and (self.end is None or run.job.created < self.end)
        )


def runs_of(jobs: Jobs, sessions: Sessions, instances: Instances) -> list[Run]:
    """The runs of all instances: every job that started and ended, deleted ones too."""
    plans = {instance.crn: instance.plan for instance in instances}
    return [
        Run(job=job, plan=plans[job.instance], session_mode=_session_mode(sessions, job))
        for job in map(jobs.__getitem__, jobs.index.ran)
    ]


def instances_of(runs: Iterable[Run], instances: Instances) -> list[Instance]:
    """The instances that the runs belong to."""
    used = {run.job.instance for run in runs}
    return [instance for instance in instances if instance.crn in used]


def grouped(runs: Iterable[Run], key: Callable[[Run], str]) -> dict[str, list[Run]]:
    """The runs, grouped by key."""
    groups: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        groups[key(run)].append(run)
    return dict(groups)


def day_of(run: Run) -> date:
    """The day (UTC) on which the job was created."""
    return datetime.fromtimestamp(run.job.created, UTC).date()


def metrics(runs: Sequence[Run]) -> dict[str, float]:
    """All metrics of `GetAnalyticsUsageResponse`; usage and queue times in seconds."""
    batch = [run for run in runs if run.session_mode == "batch"]
    dedicated = [run for run in runs if run.session_mode == "dedicated"]
    single = [run for run in runs if run.session_mode is None]
    waits = [run.queue_seconds for run in runs]
    return {
        "usage": _usage(runs),
        "jobs": len(runs),
        **_of_sessions("sessions", [*batch, *dedicated]),
        **_of_sessions("batch_sessions", batch),
        **_of_sessions("dedicated_sessions", dedicated),
        **_spread("individual_jobs", [run.job.qpu_seconds for run in single]),
        "queue_time": sum(waits),
        "avg_queue_time": _mean(waits),
        "max_queue_time": max(waits, default=0.0),
    }


def _of_sessions(name: str, runs: Iterable[Run]) -> dict[str, float]:
    sessions = grouped(runs, lambda run: run.job.session_id or "")
    return _spread(name, [_usage(of_one) for of_one in sessions.values()])


def _spread(name: str, usages: Sequence[float]) -> dict[str, float]:
    return {
        name: len(usages),
        f"{name}_usage": sum(usages),
        f"avg_{name}_usage": _mean(usages),
        f"max_{name}_usage": max(usages, default=0.0),
    }


def _usage(runs: Iterable[Run]) -> float:
    return sum(run.job.qpu_seconds for run in runs)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _session_mode(sessions: Sessions, job: Job) -> str | None:
    session = sessions.get(job.session_id or "")
    return session.mode if session is not None else None
