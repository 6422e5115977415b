"""Where the contract leaves out what the service needs: for tests that generate requests from it."""

from __future__ import annotations

from collections.abc import Mapping

from schemathesis import Case, Response
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi.checks import status_code_conformance

__all__ = ["ACCEPTED", "UNDOCUMENTED", "documented_status", "operation_id"]

_REFUSED = frozenset({400, 401, 404})

# Refusals that the contract does not document for the operation, though it needs them. Every other one is.
UNDOCUMENTED: Mapping[str, frozenset[int]] = {
    # These document no refusal at all: no wrong parameter, no missing token, no unknown device or session.
    "list_backends": _REFUSED,
    "get_backend_properties": _REFUSED,
    "get_backend_configuration": _REFUSED,
    "get_backend_status": _REFUSED,
    "get_backend_defaults": _REFUSED,
    "delete_session_close": _REFUSED,
    # Documents 401 only.
    "get_usage": _REFUSED,
}

# Requests that are invalid by the letter of the contract, and accepted.
ACCEPTED: Mapping[str, str] = {
    "create_job": "its oneOf over all programs is ambiguous: what counts is the schema of the job's program",
    "create_session": "its oneOf is ambiguous: what counts is whether interactive_ttl is there",
    "list_jobs": "its descriptions say that a limit or offset out of range is no error: the default applies",
}


def documented_status(context: CheckContext, response: Response, case: Case) -> bool | None:
    """Check the status as schemathesis does, but for the refusals in `UNDOCUMENTED`, which must say why."""
    if response.status_code in UNDOCUMENTED.get(operation_id(case), ()):
        assert response.json()["errors"][0]["message"]
        return None
    return status_code_conformance(context, response, case)


def operation_id(case: Case) -> str:
    """Give the contract's name of the operation that a request is for."""
    return str(case.operation.definition.raw["operationId"])
