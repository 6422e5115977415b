"""The services that a client of the Qiskit Runtime API uses, and their paths on one loopback server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from attrs import frozen

__all__ = ["IAM", "RUNTIME", "SERVICES", "Service", "environment", "locate", "located"]

LOOPBACK_PREFIX = "/experimental/api"
VERSION_PATH = "/v1"


@frozen(kw_only=True)
class Service:
    """A service that clients send requests to."""

    prefix: str
    """The first part of its paths on loopback."""
    variable: str
    """The environment variable from which clients take its address."""
    published: str
    """Its public address, up to the paths below. Cassettes always have this one, wherever they were recorded."""


# "experimental" keeps qiskit-ibm-runtime from putting `quantum.` in front of the host. This client adds /v1 itself,
# qiskit-ibm-runtime expects it in the address: loopback accepts both, so that one address serves both.
RUNTIME = Service(prefix=LOOPBACK_PREFIX, variable="QISKIT_IBM_URL", published="https://quantum.cloud.ibm.com/api")
IAM = Service(prefix="/iam", variable="IAM_URL", published="https://iam.cloud.ibm.com")
SERVICES = (
    RUNTIME,
    IAM,
    Service(
        prefix="/search", variable="GLOBAL_SEARCH_URL", published="https://api.global-search-tagging.cloud.ibm.com"
    ),
    Service(prefix="/catalog", variable="GLOBAL_CATALOG_URL", published="https://globalcatalog.cloud.ibm.com/api/v1"),
    Service(
        prefix="/resources",
        variable="RESOURCE_CONTROLLER_URL",
        published="https://resource-controller.cloud.ibm.com",
    ),
)


def environment(url: str) -> Mapping[str, str]:
    """The environment variables that lead clients to a loopback server; `url` is its root."""
    return {service.variable: f"{url}{service.prefix}" for service in SERVICES}


def locate(path: str) -> tuple[Service, str] | None:
    """The service that a path on loopback belongs to, and the path there; None if it belongs to none."""
    for service in SERVICES:
        if path.startswith(f"{service.prefix}/"):
            below = path.removeprefix(service.prefix)
            if service is RUNTIME and not below.startswith(f"{VERSION_PATH}/"):
                below = f"{VERSION_PATH}{below}"
            return service, below
    return None


def located(url: str, services: Iterable[Service] = SERVICES) -> tuple[Service, str, str] | None:
    """The service that a published URL belongs to, the path there, and the query; None if it belongs to none."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}{parts.path}"
    for service in services:
        if root.startswith(f"{service.published}/"):
            return service, root.removeprefix(service.published), parts.query
    return None
