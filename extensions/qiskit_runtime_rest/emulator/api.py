"""The route table of the service: every operation, and the names it is known by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .operations.analytics import (
    get_analytics_filters,
    get_analytics_usage,
    get_analytics_usage_grouped,
    get_analytics_usage_grouped_by_date,
)
from .operations.backends import (
    get_backend_configuration,
    get_backend_defaults,
    get_backend_properties,
    get_backend_status,
    list_backends,
)
from .operations.discovery import (
    get_catalog_entry,
    get_resource_instance,
    list_resource_instances,
    search_resources,
    update_resource_instance,
)
from .operations.identity import create_token, logout
from .operations.instances import (
    get_account,
    get_instance,
    get_instance_configuration,
    get_instance_usage,
    replace_instance_configuration,
)
from .operations.jobs import (
    cancel_job,
    create_job,
    delete_job,
    get_job,
    get_job_interim_results,
    get_job_logs,
    get_job_metrics,
    get_job_results,
    get_job_transpiled_circuits,
    list_jobs,
    list_tags,
    replace_job_tags,
)
from .operations.sessions import close_session, create_session, get_session, update_session
from .operations.versions import get_document, get_document_of_version, get_versions
from .operations.workloads import list_workloads
from .routing import BASE_PATH, Route, Table

if TYPE_CHECKING:
    from .contract import Contract

__all__ = ["ROUTES", "OperationNames"]

ROUTES = (
    Route("GET", "/v1/jobs", list_jobs),
    Route("POST", "/v1/jobs", create_job),
    Route("GET", "/v1/jobs/{id}", get_job),
    Route("DELETE", "/v1/jobs/{id}", delete_job),
    Route("GET", "/v1/jobs/{id}/results", get_job_results),
    Route("GET", "/v1/jobs/{id}/interim_results", get_job_interim_results),
    Route("GET", "/v1/jobs/{id}/logs", get_job_logs),
    Route("GET", "/v1/jobs/{id}/transpiled_circuits", get_job_transpiled_circuits),
    Route("POST", "/v1/jobs/{id}/cancel", cancel_job),
    Route("GET", "/v1/jobs/{id}/metrics", get_job_metrics),
    Route("PUT", "/v1/jobs/{id}/tags", replace_job_tags),
    Route("GET", "/v1/tags", list_tags),
    Route("POST", "/v1/sessions", create_session),
    Route("GET", "/v1/sessions/{id}", get_session),
    Route("PATCH", "/v1/sessions/{id}", update_session),
    Route("DELETE", "/v1/sessions/{id}/close", close_session),
    Route("GET", "/v1/workloads", list_workloads),
    Route("GET", "/v1/backends", list_backends),
    Route("GET", "/v1/backends/{id}/configuration", get_backend_configuration),
    Route("GET", "/v1/backends/{id}/properties", get_backend_properties),
    Route("GET", "/v1/backends/{id}/status", get_backend_status),
    Route("GET", "/v1/backends/{id}/defaults", get_backend_defaults),
    Route("GET", "/v1/instance", get_instance),
    Route("GET", "/v1/instances/usage", get_instance_usage),
    Route("GET", "/v1/instances/configuration", get_instance_configuration),
    Route("PUT", "/v1/instances/configuration", replace_instance_configuration),
    Route("GET", "/v1/accounts/{id}", get_account),
    Route("GET", "/v1/analytics/usage", get_analytics_usage),
    Route("GET", "/v1/analytics/usage_grouped", get_analytics_usage_grouped),
    Route("GET", "/v1/analytics/usage_grouped_by_date", get_analytics_usage_grouped_by_date),
    Route("GET", "/v1/analytics/filters", get_analytics_filters),
    Route("GET", "/v1/versions", get_versions, public=True),
    Route("POST", "/v1/logout", logout),
    # Beside the API: IAM, IBM Cloud's search, catalog and resource controller, and the published contract.
    Route("POST", "/identity/token", create_token, public=True, contracted=False),
    Route("POST", "/v3/resources/search", search_resources, public=True, contracted=False),
    Route("GET", "/{plan:uuid}", get_catalog_entry, public=True, contracted=False),
    Route("GET", "/api/v1/{plan:uuid}", get_catalog_entry, public=True, contracted=False),
    Route("GET", "/v2/resource_instances", list_resource_instances, public=True, contracted=False),
    Route("GET", "/v2/resource_instances/{id:path}", get_resource_instance, public=True, contracted=False),
    Route("PATCH", "/v2/resource_instances/{id:path}", update_resource_instance, public=True, contracted=False),
    Route("GET", f"{BASE_PATH}/openapi.json", get_document, public=True, contracted=False),
    Route("GET", f"{BASE_PATH}/openapi-{{version}}.json", get_document_of_version, public=True, contracted=False),
)


class OperationNames:
    """The names of each operation: the plain one, and the contract's operation id."""

    def __init__(self, contract: Contract, table: Table) -> None:
        """Read the operation ids from the contract; `table` is that of `ROUTES`."""
        self._route = table.route
        self._names: dict[str, frozenset[str]] = {}
        for route in ROUTES:
            operation = contract.operations.get((route.method, route.path)) if route.contracted else None
            self._names[route.name] = frozenset({route.name} | ({operation.id} if operation else set()))

    @property
    def known(self) -> frozenset[str]:
        """All names of all operations."""
        return frozenset().union(*self._names.values())

    def plain(self, method: str, path: str) -> str | None:
        """The plain name of the operation at a path; `None` if there is none."""
        route = self._route(method, path)
        return route.name if route else None

    def all(self, method: str, path: str) -> frozenset[str]:
        """All names of the operation at a path; empty if there is none."""
        route = self._route(method, path)
        return self._names[route.name] if route else frozenset()
