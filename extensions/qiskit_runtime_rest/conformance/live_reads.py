"""Check the live service with reads only, after making sure that they are harmless."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import field, frozen

from qiskit_runtime_api.http_library import httpx

from ..config.crn import Crn
from ..config.settings import require_instance
from ..contract.document import Document
from ..contract.sources import vendored
from ..contract.versions import corrected
from ..errors import ConfigurationError
from .report import Finding, Mask, Report, without_response
from .request_guard import RequestGuard, Stopped, as_application
from .run import Scope, Target, check

if TYPE_CHECKING:
    from ..client.client import RuntimeClient
    from ..config.settings import Settings

__all__ = [
    "EXAMPLES",
    "MOST_REQUESTS",
    "PER_MINUTE",
    "Existing",
    "LiveService",
    "UnclearTarget",
    "check_reads",
    "open_live",
    "read_lists",
]

PER_MINUTE = 30
"""Requests a minute: as many as a user's client sends while it waits for one job."""

MOST_REQUESTS = 400
"""Requests in one check."""

EXAMPLES = 3
"""Generated requests for each operation, besides those at the limits of each parameter."""

MOST_IDS = 2
"""Ids of each kind that are read."""

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
"""The operations that are read, with the kind of id in their path; ids come from lists that were read before."""

UNREAD: Mapping[str, str] = {
    "get_job_results_jid": "the result of a private job can be read once; the service then deletes it",
    "get_interim_results_jid": "the interim results of a private job are private",
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
"""Parameters with fewer values than the contract allows: responses stay small, without parameters of jobs."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "RefusalsSayWhy",
    "PagesAreTrue",
)
"""Checks that look at a response and send no further requests."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")

UNCLEAR = "A check cannot tell what it would touch."


class UnclearTarget(Stopped):
    """The check did not start, since it is not clear what its requests would do."""


@frozen(kw_only=True)
class Existing:
    """Existing ids, by kind, from lists that were read before."""

    ids: Mapping[str, Sequence[str]]
    backend: str | None
    """The operational backend with the shortest queue, if any."""

    def ids_for(self, operation: str) -> Sequence[str] | None:
        """The ids for an operation; `None` if it takes none."""
        kind = READ[operation]
        return None if kind is None else self.ids.get(kind, ())


@frozen(kw_only=True)
class LiveService:
    """The live service with the user's credentials, behind a guard."""

    guard: RequestGuard
    mask: Mask = field(repr=False)
    account: str = field(repr=False)


def open_live(client: RuntimeClient, *, most: int = MOST_REQUESTS) -> LiveService:
    """Make sure that the settings are the live service's and every read is known, without sending anything.

    Raises:
        ConfigurationError: there is no instance, or no credentials; the base URL, or IAM's, is not the instance's.
        UnclearTarget: the contract has a read that is missing in the tables of this check.
    """
    settings = client.settings
    crn = _verified_instance(settings)
    for operation in Document(vendored()).operations():
        if operation.method == "GET" and operation.id not in READ and operation.id not in UNREAD:
            raise UnclearTarget(
                f"the contract has an operation {operation.id}, and this check does not know if reading it is harmless."
            )
    http = client.api.get_httpx_client()
    guard = RequestGuard(http, base_url=settings.base_url, clock=http.clock, interval=60.0 / PER_MINUTE, most=most)
    named = {
        "API key": settings.api_key,
        "token": settings.token,
        "crn": settings.instance,
        "instance": crn.instance_id,
        "account": crn.account,
    }
    return LiveService(guard=guard, mask=Mask(named), account=crn.account)


def _verified_instance(settings: Settings) -> Crn:
    crn = Crn.parse(require_instance(settings))
    if settings.api_key is None and settings.token is None:
        raise ConfigurationError(
            "a live check needs your credentials: set QISKIT_IBM_TOKEN, or save them with `qrr login`."
        )
    for role, given, own in (
        ("the instance lives at", settings.base_url, crn.base_url),
        ("its keys are exchanged at", settings.iam_url, crn.iam_url),
    ):
        at_home = (own(), own(private=True))
        if given.rstrip("/") not in at_home and urlsplit(given).hostname not in LOOPBACK:
            raise ConfigurationError(f"a live check does not know {given}: {role} {at_home[0]}. Leave that URL out.")
    return crn


def read_lists(service: LiveService) -> Existing:
    """Read the instance itself, its backends and its last jobs.

    Raises:
        UnclearTarget: a response is not of the documented form.
        Stopped: the service asks for fewer requests.
        TransportError: no response came.
        ApiError: IAM gives no token.
    """
    instance = _read(service.guard, "/v1/instance")
    if not isinstance(instance, dict):
        raise UnclearTarget(f"GET /v1/instance: expected an object. {UNCLEAR}")
    devices = _objects(_read(service.guard, "/v1/backends"), "devices")
    jobs = _objects(_read(service.guard, "/v1/jobs", query=f"limit={MOST_IDS}"), "jobs")
    free = [one for one in devices if one.get("status", {}).get("name") == "online" and not one.get("is_simulator")]
    idlest = min(free, key=lambda one: one.get("queue_length", 0), default=None)
    return Existing(
        ids={
            "account": (service.account,),
            "backend": _texts(devices, "name"),
            "job": _texts(jobs, "id"),
            "session": _texts(jobs, "session_id"),
        },
        backend=None if idlest is None else str(idlest["name"]),
    )


def _read(guard: RequestGuard, path: str, *, query: str = "") -> Any:
    guard.allow_reads(path)
    response = guard.send("GET", path, query=query)
    try:
        if response.status_code == httpx.codes.OK:
            return response.json()
    except ValueError:
        pass
    raise UnclearTarget(f"GET {path} was answered {response.status_code}, not as the contract describes. {UNCLEAR}")


def _objects(listed: Any, name: str) -> list[dict[str, Any]]:
    entries = listed.get(name) if isinstance(listed, dict) else None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise UnclearTarget(f"the list of {name} is not a list of objects. {UNCLEAR}")
    return entries


def _texts(entries: Sequence[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    found = dict.fromkeys(str(one[name]) for one in entries if one.get(name))
    return tuple(found)[:MOST_IDS]


def check_reads(
    service: LiveService, existing: Existing, *, seed: int | None = None, examples: int | None = None
) -> Report:
    """Read each operation with parameters that the contract allows, and report the responses that contradict it."""
    paths = {
        operation.id: operation.path
        for operation in Document(vendored()).operations()
        if operation.id in READ and existing.ids_for(operation.id) != ()
    }
    for operation, path in paths.items():
        ids = existing.ids_for(operation)
        service.guard.allow_reads(*([path] if ids is None else [path.replace("{id}", one) for one in ids]))
    target = Target(name="live, reads only", base_url="http://testserver", app=as_application(service.guard))
    report = check(
        target,
        Scope(seed=seed, examples=examples or EXAMPLES, phases=("examples", "coverage", "fuzzing")),
        mask=service.mask,
        describe=without_response,
        changes=SETTINGS,
        document=_readable(existing, paths),
        stoppable=partial(setattr, service.guard, "on_close"),
    )
    skipped = sorted(operation for operation in READ if operation not in paths)
    report.remarks += [f"{one} was left out: there is no id for it." for one in skipped]
    report.remarks += [f"{one} was left out: {why}." for one, why in UNREAD.items()]
    report.remarks.append(f"{sum(service.guard.sent.values())} requests were sent: {dict(service.guard.sent)}")
    _report_stop(report, service)
    return report


def _report_stop(report: Report, service: LiveService) -> None:
    """If the check ended early, report the reason."""
    if service.guard.closed is not None:
        report.findings.clear()  # Findings about requests that were not sent say nothing about the service.
        report.add(
            Finding(
                operation="the check",
                failure=type(service.guard.closed).__name__,
                status=None,
                message=service.mask(str(service.guard.closed)),
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


def _readable(existing: Existing, chosen: Container[str]) -> dict[str, Any]:
    """The contract of the chosen operations, with ids narrowed to existing ones, and parameters as in `NARROWED`."""
    document = corrected(vendored())
    for operation in Document(vendored()).operations():
        item = document["paths"][operation.path]
        if operation.id not in chosen:
            del item[operation.method.lower()]
            continue
        spec = item[operation.method.lower()]
        parameters = []
        for parameter in spec.get("parameters", ()):
            if "$ref" in parameter:
                continue  # The version header: the client sends the one of its settings.
            if parameter["in"] == "path":
                parameter = {
                    "name": "id",
                    "in": "path",
                    "required": True,
                    "schema": {"enum": list(existing.ids_for(operation.id) or ())},
                }
            elif narrow := NARROWED.get((operation.id, parameter["name"])):
                parameter = {**parameter, "schema": dict(narrow)}
            parameters.append(parameter)
        spec["parameters"] = parameters
    return document
