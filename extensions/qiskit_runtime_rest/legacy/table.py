"""The classic API and what became of it: the one table that translation, gateway, scanner and documentation read.

Sources: the service's migration guide (https://quantum.cloud.ibm.com/docs/migration-guides/classic-iqp-to-cloud-iqp)
and its REST reference (https://quantum.cloud.ibm.com/docs/api/qiskit-runtime-rest).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

__all__ = [
    "FIELDS",
    "HOSTS",
    "ROUTES",
    "Field",
    "Host",
    "Match",
    "Route",
    "document",
    "document_text",
    "find_host",
    "find_route",
    "methods_of",
    "without_spellings",
]

Serves: TypeAlias = Literal["runtime", "auth", "cloud"]
"""The Runtime API; accounts and tokens; the Runtime API on IBM Cloud (v1 without `/v1`, with bearer token and CRN)."""

MIGRATION_GUIDE = "https://quantum.cloud.ibm.com/docs/migration-guides/classic-iqp-to-cloud-iqp"

MIGRATION_PAGE = "docs/migration.md"
"""The page that `migration_page` renders, relative to the project."""

MIGRATION_COMMAND = "qrr docs migration"
"""The command that shows this page, also where the sources are gone."""


def anchor(*words: str) -> str:
    """The anchor of a row on the migration page."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")


@dataclass(frozen=True, kw_only=True)
class Host:
    """A former host of the classic API. `prefix`: the path before that of a route."""

    name: str
    prefix: str = ""
    serves: Serves = "runtime"

    @property
    def anchor(self) -> str:
        """The host's anchor on the migration page."""
        return anchor("host", self.name)


HOSTS = (
    Host(name="runtime-us-east.quantum-computing.ibm.com"),
    Host(name="api.quantum-computing.ibm.com", prefix="/runtime"),
    Host(name="auth.quantum-computing.ibm.com", prefix="/api", serves="auth"),
    Host(name="api.quantum.ibm.com", prefix="/runtime"),
    Host(name="auth.quantum.ibm.com", prefix="/api", serves="auth"),
    Host(name="us-east.quantum-computing.cloud.ibm.com", serves="cloud"),
    Host(name="eu-de.quantum-computing.cloud.ibm.com", serves="cloud"),
    Host(name="api-qcon.quantum-computing.ibm.com", prefix="/api"),
    Host(name="wss.quantum-computing.ibm.com"),
    Host(name="cloud-transpiler.quantum-computing.ibm.com"),
    Host(name="cloud-transpiler.quantum.ibm.com"),
)

SPELLINGS = ("/facade/v1", "/runtime", "/api", "/v1")
"""Prefixes that may stand before the path of a route on any host, in any number and order."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One classic call.

    Attributes:
        method, path: of the classic call; `path` without host and `SPELLINGS`.
        v1: method and path of the operation in v1; its `{names}` are those of `path`.
        handler: the name of the local handler, if v1 has no such operation.
        removed: why v1 has no such call.
        instead: what to use now.
        request, response: names of the transformations of request and response, in their order.
        public: whether it needs no authentication.
        serves: the kind of host.
        api_version: the last version of the API that had the operation; None: that of the settings.
        sdk_only: whether only the official SDKs made the call: the reference of the classic API did not have it.
    """

    method: str
    path: str
    v1: str | None = None
    handler: str | None = None
    removed: str | None = None
    instead: str
    request: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    public: bool = False
    serves: Serves = "runtime"
    api_version: str | None = None
    sdk_only: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A pattern of the path, with the names as groups."""
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path)) + "/?")

    @property
    def anchor(self) -> str:
        """The route's anchor on the migration page."""
        return anchor(self.method, self.path)


NO_REPLACEMENT = "It was removed without a replacement"
QOBJ_GONE = "v1 takes no Qobj, and has no jobs of the API of 2019"
JOBS_OF_2019 = (
    "Instead of backend.run(circuits): provider.runtime.run('circuit-runner', {'backend_name': name}, "
    "{'circuits': circuits, 'shots': shots}).result(decoder=RunnerResult) in qiskit-ibmq-provider; backend.run of "
    "qiskit-ibm-provider, which also works here; or the sampler, POST /v1/jobs"
)
NO_BOOKINGS = "v1 has no reservations"
NETWORK = "/Network/{hub}/Groups/{group}/Projects/{project}"
"""The path of an instance in the API of 2019."""

PROGRAMS_GONE = "v1 runs IBM's own programs only (sampler, estimator, executor, noise-learner)"
PROGRAMS_NOW = "Keep your own programs with Qiskit Serverless or Qiskit Functions"


def _same(method: str, path: str, *, request: tuple[str, ...] = (), response: tuple[str, ...] = ()) -> Route:
    """A call with the same path below `/v1`."""
    now = f"{method} /v1{path}"
    return Route(method=method, path=path, v1=now, instead=now, request=("instance", *request), response=response)


def _moved(
    method: str, path: str, v1: str, *, note: str = "", request: tuple[str, ...] = (), response: tuple[str, ...] = ()
) -> Route:
    """A call with another path or other fields in v1."""
    instead = f"{v1} ({note})" if note else v1
    return Route(method=method, path=path, v1=v1, instead=instead, request=("instance", *request), response=response)


def _removed(method: str, path: str, instead: str = "") -> Route:
    return Route(method=method, path=path, removed=NO_REPLACEMENT, instead=instead)


def _of_sdks(
    path: str, v1: str, *, note: str = "", request: tuple[str, ...] = (), response: tuple[str, ...] = ()
) -> Route:
    """A question that only the official SDKs asked, answered in its classic form from what v1 has."""
    return replace(_moved("GET", path, v1, note=note, request=request, response=response), sdk_only=True)


def _program(method: str, path: str, handler: str, *, public: bool = False) -> Route:
    return Route(method=method, path=path, handler=handler, removed=PROGRAMS_GONE, instead=PROGRAMS_NOW, public=public)


ROUTES: tuple[Route, ...] = (
    # Accounts and tokens
    Route(
        method="POST",
        path="/users/loginWithToken",
        handler="login",
        instead="POST https://iam.cloud.ibm.com/identity/token with an IBM Cloud API key; the header Service-CRN",
        public=True,
        serves="auth",
    ),
    Route(
        method="POST",
        path="/users/logout",
        handler="logout",
        instead="nothing: bearer tokens expire within the hour, and POST /v1/logout revokes those of an instance",
        serves="auth",
    ),
    _moved("GET", "/users/me", "GET /v1/accounts/{id}", note="id: the account in the CRN", request=("user_info",)),
    _same("POST", "/logout"),
    _removed("POST", "/auth/validate", "any call answers 401 when the token is not valid"),
    # Service
    _removed("GET", "/health", "GET /v1/versions answers without authentication"),
    Route(
        method="GET",
        path="/usage",
        v1="GET /v1/instances/usage",
        removed=NO_REPLACEMENT,
        instead="GET /v1/instances/usage, GET /v1/analytics/usage",
        request=("instance",),
        response=("usage_by_instance",),
    ),
    Route(
        method="GET",
        path="/versions",
        v1="GET /v1/versions",
        instead="GET /v1/versions",
        public=True,
        serves="cloud",
    ),
    _moved(
        "GET",
        "/instances",
        "GET /v1/instance",
        note="one instance, named by the CRN; also GET and PUT /v1/instances/configuration, GET /v1/instances/usage",
        response=("hub_instances",),
    ),
    _same("GET", "/instances/configuration"),
    _same("PUT", "/instances/configuration"),
    _same("GET", "/instances/usage"),
    # Jobs
    _moved(
        "GET",
        "/jobs",
        "GET /v1/jobs",
        note="provider became the CRN",
        request=("classic_session", "jobs_of_all_instances"),
        response=("classic_jobs",),
    ),
    _moved(
        "POST",
        "/jobs",
        "POST /v1/jobs",
        note="hub, group and project became the CRN; sessions are made first; primitives take pubs",
        request=(
            "era_body",
            "known_program",
            "classic_session",
            "job_options",
            "least_busy_backend",
            "primitive_v2",
            "start_session",
        ),
        response=("submitted_job",),
    ),
    _moved("GET", "/jobs/tags", "GET /v1/tags", note="type and search are required", request=("job_tags",)),
    _same("GET", "/jobs/{id}", response=("classic_job",)),
    _same("DELETE", "/jobs/{id}"),
    _same("GET", "/jobs/{id}/results", response=("primitive_v1",)),
    _same("GET", "/jobs/{id}/interim_results"),
    replace(_same("GET", "/jobs/{id}/transpiled_circuits"), api_version="2025-05-01"),
    _same("GET", "/jobs/{id}/logs"),
    _same("GET", "/jobs/{id}/metrics", response=("classic_metrics",)),
    _same("POST", "/jobs/{id}/cancel"),
    _same("PUT", "/jobs/{id}/tags"),
    Route(
        method="GET",
        path="/jobs/{id}/type",
        v1="GET /v1/jobs/{id}",
        removed=NO_REPLACEMENT,
        instead="GET /v1/jobs/{id} names the program",
        request=("instance",),
        response=("job_kind",),
    ),
    Route(
        method="GET",
        path="/stream/jobs/{id}",
        handler="stream",
        removed="v1 has no WebSocket",
        instead="poll GET /v1/jobs/{id} until it is final, then GET /v1/jobs/{id}/results",
    ),
    # Sessions
    _moved(
        "POST",
        "/sessions",
        "POST /v1/sessions",
        note="instance became the CRN, max_session_ttl is max_ttl, mode is required",
        request=("session_body",),
        response=("new_session",),
    ),
    _same("GET", "/sessions/{id}", request=("classic_session",), response=("classic_session_id",)),
    _same("PATCH", "/sessions/{id}", request=("classic_session",)),
    _same("DELETE", "/sessions/{id}/close", request=("classic_session",)),
    _removed("GET", "/sessions/{id}/extended", "GET /v1/sessions/{id}"),
    # Workloads and analytics
    _moved("GET", "/workloads/me", "GET /v1/workloads", note="user=me", request=("own_workloads",)),
    _same("GET", "/analytics/usage"),
    _same("GET", "/analytics/filters"),
    _moved("GET", "/analytics/usage-grouped", "GET /v1/analytics/usage_grouped", note="underscore"),
    _moved("GET", "/analytics/usage-grouped-by-date", "GET /v1/analytics/usage_grouped_by_date", note="underscores"),
    # Backends
    _moved(
        "GET",
        "/backends",
        "GET /v1/backends",
        note="provider became the CRN; devices are objects, not names",
        response=("device_names",),
    ),
    _same("GET", "/backends/{name}/status"),
    _same("GET", "/backends/{name}/defaults", response=("classic_defaults",)),
    _same("GET", "/backends/{name}/properties", response=("classic_properties",)),
    _same("GET", "/backends/{name}/configuration", response=("classic_configuration",)),
    # What the official SDKs asked for besides
    Route(
        method="GET",
        path="/version",
        handler="version",
        instead="GET /v1/versions",
        public=True,
        serves="auth",
        sdk_only=True,
    ),
    _of_sdks("/Network", "GET /v1/instance", note="one instance, named by the CRN", response=("networks",)),
    _of_sdks(f"{NETWORK}/devices/v/1", "GET /v1/backends", response=("full_configurations",)),
    _of_sdks(
        f"{NETWORK}/devices/{{name}}/properties",
        "GET /v1/backends/{name}/properties",
        request=("filter_of_2019",),
        response=("classic_properties",),
    ),
    _of_sdks(
        f"{NETWORK}/devices/{{name}}/defaults", "GET /v1/backends/{name}/defaults", response=("classic_defaults",)
    ),
    _of_sdks(f"{NETWORK}/devices/{{name}}/queue/status", "GET /v1/backends/{name}/status", response=("backend_queue",)),
    _of_sdks(
        f"{NETWORK}/devices/{{name}}/jobsLimit",
        "GET /v1/jobs",
        note="v1 has no limit for a backend",
        request=("pending_on_backend",),
        response=("jobs_limit",),
    ),
    *(
        replace(_removed(method, f"{NETWORK}/Jobs{path}", JOBS_OF_2019), removed=QOBJ_GONE, sdk_only=True)
        for method, path in (
            ("POST", ""),
            ("GET", "/status/v/1"),
            ("GET", "/v/1"),
            ("GET", "/{id}/v/1"),
            ("GET", "/{id}/status/v/1"),
        )
    ),
    _of_sdks("/Network/bookings/v2", "GET /v1/instance", note=NO_BOOKINGS, response=("no_bookings",)),
    _of_sdks("/Network/devices/{name}/bookings/v2", "GET /v1/instance", note=NO_BOOKINGS, response=("no_bookings",)),
    # Programs
    _program("POST", "/programs", "programs.upload"),
    _program("GET", "/programs", "programs.list", public=True),
    _program("GET", "/programs/{id}", "programs.read", public=True),
    _program("PATCH", "/programs/{id}", "programs.update"),
    _program("PUT", "/programs/{id}/data", "programs.replace_data"),
    _program("PUT", "/programs/{id}/public", "programs.make_public"),
    _program("PUT", "/programs/{id}/private", "programs.make_private"),
    _program("DELETE", "/programs/{id}", "programs.delete"),
)


@dataclass(frozen=True, kw_only=True)
class Field:
    """A header, parameter or key of a body that has another name in v1.

    Attributes:
        name: the classic name.
        where: its place in the request.
        v1: the name in v1; None: it is gone.
        instead: what to use now.
        safe: whether replacing the name is enough.
    """

    name: str
    where: Literal["header", "query", "body", "params"]
    v1: str | None
    instead: str
    safe: bool = False

    @property
    def anchor(self) -> str:
        """The field's anchor on the migration page."""
        return anchor(self.where, self.name)


FIELDS: tuple[Field, ...] = (
    Field(name="x-access-token", where="header", v1="Authorization", instead="Authorization: Bearer <IAM token>"),
    Field(name="apiToken", where="body", v1=None, instead="an IBM Cloud API key, exchanged at IAM for a bearer token"),
    *(
        Field(name=name, where="body", v1=None, instead="the header Service-CRN: <CRN of the instance>")
        for name in ("hub", "group", "project", "instance")
    ),
    Field(name="provider", where="query", v1=None, instead="the header Service-CRN: <CRN of the instance>"),
    Field(name="programId", where="body", v1="program_id", instead="program_id", safe=True),
    Field(name="sessionId", where="body", v1="session_id", instead="session_id", safe=True),
    Field(name="jobTags", where="body", v1="tags", instead="tags", safe=True),
    Field(name="job_tags", where="body", v1="tags", instead="tags", safe=True),
    Field(name="logLevel", where="body", v1="log_level", instead="log_level", safe=True),
    Field(name="max_execution_time", where="body", v1="cost", instead="cost (seconds)"),
    *(
        Field(name=name, where="body", v1=None, instead="POST /v1/sessions first, then session_id in the job")
        for name in ("start_session", "startSession")
    ),
    Field(name="session_time", where="body", v1=None, instead="max_ttl of POST /v1/sessions"),
    Field(name="max_session_ttl", where="body", v1="max_ttl", instead="max_ttl", safe=True),
    Field(name="circuits", where="params", v1="pubs", instead="pubs: [[circuit, parameter values, shots], ...]"),
    Field(name="circuit_indices", where="params", v1="pubs", instead="one pub for each circuit that is run"),
    Field(name="observable_indices", where="params", v1="pubs", instead="the observables of each pub"),
    Field(name="parameter_values", where="params", v1="pubs", instead="the second part of each pub"),
    Field(name="observables", where="params", v1="pubs", instead="the second part of each pub of the estimator"),
    Field(
        name="run_options",
        where="params",
        v1=None,
        instead="shots of the sampler (1024 without any, in the classic API), precision of the estimator",
    ),
    Field(name="transpilation_settings", where="params", v1=None, instead="circuits in the backend's gates"),
    Field(name="transpilation", where="params", v1=None, instead="circuits in the backend's gates"),
    Field(name="resilience_settings", where="params", v1="resilience_level", instead="resilience_level"),
)


@dataclass(frozen=True, kw_only=True)
class Match:
    """A route, and the values of the names in its path."""

    route: Route
    names: dict[str, str]


def find_host(name: str) -> Host | None:
    """The classic host with this name; a port is ignored. None for other hosts."""
    bare = name.rpartition("@")[2].partition(":")[0].lower().rstrip(".")
    return next((host for host in HOSTS if host.name == bare), None)


def find_route(method: str, path: str) -> Match | None:
    """The route of a request; `path` as it was sent, with any `SPELLINGS` in front.

    None if the path is unknown, or known with other methods only.
    """
    matches = [(route, matched) for route, matched in _matching(path) if route.method == method.upper()]
    if not matches:
        return None
    # A path without names comes first: `/jobs/tags` is not a job "tags".
    route, matched = min(matches, key=lambda pair: len(pair[1].groupdict()))
    return Match(route=route, names={name: unquote(value) for name, value in matched.groupdict().items()})


def methods_of(path: str) -> list[str]:
    """The methods that a path has; empty if the path is unknown."""
    return sorted({route.method for route, _ in _matching(path)})


def _matching(path: str) -> list[tuple[Route, re.Match[str]]]:
    bare = without_spellings(path) or "/"
    found = [(route, route.pattern.fullmatch(bare)) for route in ROUTES]
    return [(route, matched) for route, matched in found if matched]


def without_spellings(path: str) -> str:
    """`path` without the `SPELLINGS` at its beginning."""
    while spelling := next((one for one in SPELLINGS if path == one or path.startswith(one + "/")), None):
        path = path[len(spelling) :]
    return path


@cache
def document_text() -> str:
    """The classic API as an OpenAPI document, for the page `/openapi/` and the checks of requests about programs."""
    return resources.files(__package__).joinpath("openapi.json").read_text("utf-8")


@cache
def document() -> dict[str, Any]:
    """The parsed document. Do not change it."""
    parsed: dict[str, Any] = json.loads(document_text())
    return parsed
