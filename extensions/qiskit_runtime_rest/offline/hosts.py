"""The names that programs know the services by."""

from __future__ import annotations

from ..legacy.table import HOSTS

__all__ = ["CLASSIC_HOSTS", "OTHER_HOSTS", "RUNTIME_HOSTS", "SERVICE_HOSTS"]

RUNTIME_HOSTS = (
    "quantum.cloud.ibm.com",
    "us-east.quantum.cloud.ibm.com",
    "eu-de.quantum.cloud.ibm.com",
    "private.us-east.quantum.cloud.ibm.com",
    "private.eu-de.quantum.cloud.ibm.com",
)
"""The Qiskit Runtime API: of each region, and its private endpoints."""

OTHER_HOSTS = (
    "iam.cloud.ibm.com",
    "private.iam.cloud.ibm.com",
    "api.global-search-tagging.cloud.ibm.com",
    "globalcatalog.cloud.ibm.com",
    "resource-controller.cloud.ibm.com",
)
"""IAM, global search, global catalog and the resource controller of IBM Cloud."""

SERVICE_HOSTS = (*RUNTIME_HOSTS, *OTHER_HOSTS)
CLASSIC_HOSTS = tuple(host.name for host in HOSTS)
