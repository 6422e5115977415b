"""The API versions, and how response bodies differ between them.

An operation writes the newest version's body. For an older version, later changes are undone, the latest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import cache
from typing import Any

from attrs import frozen

from ..errors import NO_LONGER_SERVED, UNKNOWN_VERSION, ServiceError

__all__ = [
    "NEWEST",
    "OLDEST",
    "VERSIONS",
    "ApiVersion",
    "changes_since",
    "check_served",
    "deprecation_headers",
    "find_version",
    "in_version",
]

Body = Any
_Undo = Callable[[Body], Body]


@frozen
class ApiVersion:
    """A version, named by its date. `sunset` is the day the service switches it off."""

    day: date
    sunset: date | None = None

    @property
    def name(self) -> str:
        """The date as in the header."""
        return self.day.isoformat()

    @property
    def deprecated(self) -> bool:
        """Whether the service will switch it off."""
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
    """The version that a request asks for; without the header, the oldest one.

    Raises `ServiceError` 3220 for anything that is not a version.
    """
    if not given:
        return OLDEST
    version = _BY_NAME.get(given[-1])
    if version is None:
        known = ", ".join(_BY_NAME)
        raise ServiceError(UNKNOWN_VERSION, f"Expected one of {known}, got {given[-1][:40]!r}.")
    return version


def check_served(operation: str, *, version: ApiVersion) -> None:
    """Raise `ServiceError` 2404 if the version no longer has the operation."""
    last = _LAST_SERVED.get(operation)
    if last is not None and version.day > last:
        raise ServiceError(NO_LONGER_SERVED)


def in_version(body: Body, *, operation: str, version: ApiVersion) -> Body:
    """The body of a successful response in the shape that it has in a version."""
    for undo in changes_since(version, operation):
        body = undo(body)
    return body


@cache
def changes_since(version: ApiVersion, operation: str) -> Sequence[_Undo]:
    """What turns the newest body of a successful response into that of a version, in this order."""
    return tuple(
        changes[operation] for since, changes in reversed(_CHANGES) if version.day < since and operation in changes
    )


@cache
def deprecation_headers(version: ApiVersion) -> Mapping[str, str]:
    """The headers that announce the end of a deprecated version (RFC 9745, RFC 8594); none for others."""
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


def _each_job(change: _Undo) -> _Undo:
    return lambda body: body | {"jobs": [change(job) for job in body["jobs"]]}


# For each version that changed bodies: how to undo its changes, by the plain name of the operation.
_CHANGES: tuple[tuple[date, Mapping[str, _Undo]], ...] = (
    (date(2025, 1, 1), {"list_backends": _names_only, "get_versions": _version_names}),
    (
        date(2026, 3, 15),
        {"get_job": _old_usage, "list_jobs": _each_job(_old_usage), "get_job_metrics": _with_bss},
    ),
    (date(2026, 4, 15), {"get_job_metrics": _execution_time_in_usage}),
)

# Operations that later versions dropped: the last version that has them.
_LAST_SERVED = {"get_job_transpiled_circuits": date(2025, 5, 1)}
