"""A check of the live service that changes nothing: what it reads, and how it makes sure of that before it starts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from attrs import field, frozen

from ..config.crn import Crn
from ..config.settings import require_instance
from ..contract.sources import vendored
from ..contract.versions import corrected
from ..errors import ConfigurationError
from .gate import Gate, Stopped, as_application
from .report import Finding, Mask, Report
from .run import Plan, Target, check
from .telling import without_answers

if TYPE_CHECKING:
    from ..client.client import RuntimeClient
    from ..config.settings import Settings

__all__ = [
    "EXAMPLES",
    "MOST_REQUESTS",
    "PER_MINUTE",
    "CannotTell",
    "LiveService",
    "Readings",
    "check_reads",
    "open_live",
    "read_lists",
]

PER_MINUTE = 30
"""Requests a minute; a user's own client sends as many while it waits for one job."""

MOST_REQUESTS = 400
"""Requests of one check."""

EXAMPLES = 3
"""Requests made up for each operation, besides those at the limits of each parameter."""

MOST_IDS = 2
"""Ids of each kind that are asked for."""

READ: Mapping[str, str | None] = {
    "get_versions": None,
    "list_jobs": None,
    "get_job": "job",
    "get_jog_logs_jid": "job",
    "get_job_metrics_jid": "job",
    "get_transpiled_circuits_jid": "job",
    "list_tags": None,
    "get_session": "session",
    "list_backends": None,
    "get_backend_properties": "backend",
    "get_backend_configuration": "backend",
    "get_backend_status": "backend",
    "get_backend_defaults": "backend",
    "get_instance": None,
    "get_instance_configuration": None,
    "get_usage": None,
    "get_account": "account",
    "find_instance_workloads": None,
    "analytics_usage": None,
    "get_usage_analytics_grouped": None,
    "get_usage_analytics_grouped_by_date": None,
    "analytics_filters": None,
}
"""The operations that are read, with the kind of the id in their path; ids come from lists read before."""

UNREAD: Mapping[str, str] = {
    "get_job_results_jid": "the result of a private job can be read once; the service then deletes it",
    "get_interim_results_jid": "what a private job published is nobody else's business",
}
"""Reads that are left out, each with the reason."""

NARROWED: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("list_jobs", "limit"): {"type": "integer", "minimum": 1, "maximum": 5},
    ("list_jobs", "exclude_params"): {"type": "boolean", "enum": [True]},
    ("get_job", "exclude_params"): {"type": "boolean", "enum": [True]},
    ("find_instance_workloads", "limit"): {"type": "integer", "minimum": 1, "maximum": 5},
    ("find_instance_workloads", "next"): {"type": "string", "enum": [""]},
    ("find_instance_workloads", "previous"): {"type": "string", "enum": [""]},
}
"""Parameters that are asked with less than the contract allows: answers stay small, and hold no parameters of jobs."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "RefusalsSayWhy",
    "PagesAreTrue",
)
"""Checks that look at an answer and send nothing of their own."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class CannotTell(Stopped):
    """The check did not start: it cannot tell what it would touch."""


@frozen(kw_only=True)
class Readings:
    """Which ids exist, by kind, as lists said that were read before."""

    ids: Mapping[str, Sequence[str]]
    backend: str | None
    """The operational backend with the shortest queue; `None`: there is none."""

    def of(self, operation: str) -> Sequence[str] | None:
        """The ids that an operation may be asked with; `None`: it takes none."""
        kind = READ[operation]
        return None if kind is None else self.ids.get(kind, ())


@frozen(kw_only=True)
class LiveService:
    """The live service as the user may reach it, behind a gate."""

    gate: Gate
    mask: Mask = field(repr=False)
    account: str = field(repr=False)


def open_live(client: RuntimeClient, *, per_minute: float = PER_MINUTE, most: int = MOST_REQUESTS) -> LiveService:
    """Make sure of what would be touched, without sending anything, and open the gate.

    Raises:
        ConfigurationError: there is no instance, or no credentials; the base URL, or IAM's, is not the instance's.
        CannotTell: the contract has a read that this check has no table entry for.
    """
    settings = client.settings
    crn = _certain(settings)
    for operation, method, _ in operations():
        if method == "GET" and operation not in READ and operation not in UNREAD:
            raise CannotTell(
                f"the contract has an operation {operation}, and nothing says whether reading it is harmless."
            )
    http = client.api.get_httpx_client()
    gate = Gate(http, base_url=settings.base_url, clock=http.clock, interval=60.0 / per_minute, most=most)
    named = {
        "API key": settings.api_key,
        "token": settings.token,
        "crn": settings.instance,
        "instance": crn.instance_id,
        "account": crn.account,
    }
    return LiveService(gate=gate, mask=Mask(named), account=crn.account)


def _certain(settings: Settings) -> Crn:
    crn = Crn.parse(require_instance(settings))
    if settings.api_key is None and settings.token is None:
        raise ConfigurationError(
            "a live check needs your credentials: set QISKIT_IBM_TOKEN, or save them: `qrr login`."
        )
    for what, given, own in (
        ("the instance lives at", settings.base_url, crn.base_url),
        ("its keys are exchanged at", settings.iam_url, crn.iam_url),
    ):
        at_home = (own(), own(private=True))
        if given.rstrip("/") not in at_home and urlsplit(given).hostname not in LOOPBACK:
            raise ConfigurationError(
                f"a live check cannot tell what {given} is: {what} {at_home[0]}. Leave that URL out."
            )
    return crn


def operations() -> list[tuple[str, str, str]]:
    """Id, method and path of each operation of the contract."""
    return [
        (operation["operationId"], method.upper(), path)
        for path, item in vendored()["paths"].items()
        for method, operation in item.items()
    ]


def read_lists(service: LiveService) -> Readings:
    """Read what exists: the instance itself, its backends, its last jobs.

    Raises:
        CannotTell: the answers are not such that one could tell what a check would touch.
        Stopped: the service asks for fewer requests.
        TransportError: no answer came.
        ApiError: IAM gives no token.
    """
    instance = _listed(service.gate, "/v1/instance")
    if not isinstance(instance, dict):
        raise CannotTell("the service does not say what the instance is: a check cannot tell what it would touch.")
    devices = _entries(_listed(service.gate, "/v1/backends"), "devices")
    jobs = _entries(_listed(service.gate, "/v1/jobs", query=f"limit={MOST_IDS}"), "jobs")
    free = [one for one in devices if one.get("status", {}).get("name") == "online" and not one.get("is_simulator")]
    idlest = min(free, key=lambda one: one.get("queue_length", 0), default=None)
    return Readings(
        ids={
            "account": (service.account,),
            "backend": _texts(devices, "name"),
            "job": _texts(jobs, "id"),
            "session": _texts(jobs, "session_id"),
        },
        backend=None if idlest is None else str(idlest["name"]),
    )


def _listed(gate: Gate, path: str, *, query: str = "") -> Any:
    gate.let_read(path)
    response = gate.send("GET", path, query=query)
    try:
        if response.status_code == httpx.codes.OK:
            return response.json()
    except ValueError:
        pass
    raise CannotTell(
        f"GET {path} was answered {response.status_code}, not with what the contract describes: a check cannot tell "
        "what it would touch."
    )


def _entries(listed: Any, name: str) -> list[dict[str, Any]]:
    entries = listed.get(name) if isinstance(listed, dict) else None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise CannotTell(f"the service's list of {name} is none: a check cannot tell what it would touch.")
    return entries


def _texts(entries: Sequence[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    found = dict.fromkeys(str(one[name]) for one in entries if one.get(name))
    return tuple(found)[:MOST_IDS]


def check_reads(
    service: LiveService, readings: Readings, *, seed: int | None = None, examples: int | None = None
) -> Report:
    """Read each operation with parameters that the contract allows, and report what contradicts it."""
    asked = {
        operation: path for operation, _, path in operations() if operation in READ and readings.of(operation) != ()
    }
    for operation, path in asked.items():
        ids = readings.of(operation)
        service.gate.let_read(*([path] if ids is None else [path.replace("{id}", one) for one in ids]))
    target = Target(name="live, reads only", base_url="http://testserver", app=as_application(service.gate))
    report = check(
        target,
        Plan(seed=seed, examples=examples or EXAMPLES, phases=("examples", "coverage", "fuzzing")),
        mask=service.mask,
        tell=without_answers,
        changes=SETTINGS,
        document=_readable(readings, asked),
        stoppable=partial(setattr, service.gate, "on_close"),
    )
    skipped = sorted(operation for operation in READ if operation not in asked)
    report.remarks += [f"{one} was not asked: there is nothing of its kind." for one in skipped]
    report.remarks += [f"{one} was not asked: {why}." for one, why in UNREAD.items()]
    report.remarks.append(f"{sum(service.gate.sent.values())} requests were sent: {dict(service.gate.sent)}")
    stopped(report, service)
    return report


def stopped(report: Report, service: LiveService) -> None:
    """Put the reason into the report when a check ended early."""
    if service.gate.closed is not None:
        report.findings.clear()  # What came of requests that were not sent says nothing of the service.
        report.add(
            Finding(
                operation="the check",
                failure=type(service.gate.closed).__name__,
                status=None,
                message=service.mask(str(service.gate.closed)),
                request="",
                phase="",
            )
        )


SETTINGS: Mapping[str, Any] = {
    "generation": {
        "mode": "positive",
        "database": "none",
        "with-security-parameters": False,
        "allow-extra-parameters": False,
        "no-shrink": True,
    },
    "phases": {"coverage": {"unexpected-methods": []}, "stateful": {}},
    "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
    "workers": 1,
    "max-redirects": 0,
}


def _readable(readings: Readings, asked: Container[str]) -> dict[str, Any]:
    """The contract of the operations asked, with ids narrowed to those that exist, and parameters to what is small."""
    document = corrected(vendored())
    for operation, method, path in operations():
        spec = document["paths"][path][method.lower()]
        if operation not in asked:
            del document["paths"][path][method.lower()]
            continue
        parameters = []
        for parameter in spec.get("parameters", ()):
            if "$ref" in parameter:
                continue  # The version header: the gate sends the one of the settings.
            if parameter["in"] == "path":
                parameter = {
                    "name": "id",
                    "in": "path",
                    "required": True,
                    "schema": {"enum": list(readings.of(operation) or ())},
                }
            elif narrow := NARROWED.get((operation, parameter["name"])):
                parameter = {**parameter, "schema": dict(narrow)}
            parameters.append(parameter)
        spec["parameters"] = parameters
    return document
