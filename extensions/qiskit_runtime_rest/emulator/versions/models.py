"""The API versions: one table, and for each version what its answers had that later ones have not.

A handler answers in the newest version's shape. For an older version, the changes made since are taken back,
the latest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from ..errors import NO_LONGER_SERVED, UNKNOWN_VERSION, ServiceError

if TYPE_CHECKING:
    from ..routing import Answer

__all__ = ["NEWEST", "OLDEST", "VERSIONS", "ApiVersion", "adapted", "check_served", "find_version"]

Body = Any
_TakeBack = Callable[[Body], Body]


@frozen
class ApiVersion:
    """A version is named by its date; `sunset` is the day it is switched off."""

    day: date
    sunset: date | None = None

    @property
    def name(self) -> str:
        """The date, as the header has it."""
        return self.day.isoformat()

    @property
    def deprecated(self) -> bool:
        """Whether it will be switched off."""
        return self.sunset is not None


VERSIONS = (
    ApiVersion(date(2024, 1, 1), sunset=date(2027, 1, 1)),
    ApiVersion(date(2025, 1, 1), sunset=date(2027, 1, 1)),
    ApiVersion(date(2025, 5, 1), sunset=date(2027, 1, 1)),
    ApiVersion(date(2026, 2, 1), sunset=date(2027, 2, 1)),
    ApiVersion(date(2026, 2, 15), sunset=date(2027, 2, 15)),
    ApiVersion(date(2026, 3, 15), sunset=date(2027, 3, 15)),
    ApiVersion(date(2026, 4, 15)),
)
OLDEST, NEWEST = VERSIONS[0], VERSIONS[-1]
_BY_NAME = {version.name: version for version in VERSIONS}


def find_version(given: Sequence[str]) -> ApiVersion:
    """Tell the version that a request asks for; without the header it is the oldest one.

    Raises `ServiceError` for a date that is no version, and for anything else.
    """
    if not given:
        return OLDEST
    version = _BY_NAME.get(given[-1])
    if version is None:
        known = ", ".join(_BY_NAME)
        raise ServiceError(UNKNOWN_VERSION, f"{given[-1][:40]!r} is none of {known}.")
    return version


def check_served(operation: str, *, version: ApiVersion) -> None:
    """Raise `ServiceError` for an operation that the version no longer has."""
    last = _LAST_SERVED.get(operation)
    if last is not None and version.day > last:
        raise ServiceError(NO_LONGER_SERVED)


def adapted(answer: Answer, *, operation: str, version: ApiVersion) -> Answer:
    """Give an answer the shape that it has in a version, and say so if the version is deprecated."""
    body = answer.body
    if answer.status == 200 and body is not None:
        for since, changes in reversed(_CHANGES):
            if version.day < since and operation in changes:
                body = changes[operation](body)
    return evolve(answer, body=body, headers={**answer.headers, **_notices(version)})


def _notices(version: ApiVersion) -> dict[str, str]:
    if version.sunset is None:
        return {}
    successor = VERSIONS[VERSIONS.index(version) + 1]
    deprecated = datetime(successor.day.year, successor.day.month, successor.day.day, tzinfo=UTC)
    sunset = datetime(version.sunset.year, version.sunset.month, version.sunset.day, tzinfo=UTC)
    return {
        "Deprecation": f"@{int(deprecated.timestamp())}",
        "Sunset": format_datetime(sunset, usegmt=True),
    }


def _names_only(body: Body) -> Body:
    return {"devices": [device["name"] for device in body["devices"]]}


def _version_names(body: Body) -> Body:
    return {"versions": [version["version"] for version in body["versions"]]}


def _old_usage(job: Body) -> Body:
    seconds = job.get("usage", {}).get("qpu_charge_time_seconds", 0)
    return job | {"usage": job.get("usage", {}) | {"quantum_seconds": seconds, "seconds": seconds}}


def _with_bss(metrics: Body) -> Body:
    metrics = _old_usage(metrics)
    return metrics | {"bss": {"seconds": metrics["usage"]["seconds"]}}


def _execution_time_in_usage(metrics: Body) -> Body:
    rest = {name: value for name, value in metrics.items() if name != "circuits_execution_time_ns"}
    moved = {"circuits_execution_time_ns": metrics.get("circuits_execution_time_ns", 0)}
    return rest | {"usage": metrics.get("usage", {}) | moved}


def _each_job(change: _TakeBack) -> _TakeBack:
    return lambda body: body | {"jobs": [change(job) for job in body["jobs"]]}


# What came with a version, by the plain name of the operation, as the way back to the version before.
_CHANGES: tuple[tuple[date, Mapping[str, _TakeBack]], ...] = (
    (date(2025, 1, 1), {"list_backends": _names_only, "get_versions": _version_names}),
    (
        date(2026, 3, 15),
        {"get_job": _old_usage, "list_jobs": _each_job(_old_usage), "get_job_metrics": _with_bss},
    ),
    (date(2026, 4, 15), {"get_job_metrics": _execution_time_in_usage}),
)

# The last version that has an operation which later ones dropped.
_LAST_SERVED = {"get_job_transpiled_circuits": date(2025, 5, 1)}
