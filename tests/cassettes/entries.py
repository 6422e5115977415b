"""Entries for tests, and their cassettes."""

from __future__ import annotations

from typing import Any

from qiskit_runtime_rest.cassettes import Entry
from qiskit_runtime_rest.cassettes.services import RUNTIME

CRNS = [
    f"crn:v1:bluemix:public:quantum-computing:us-east:a/f0000000000000000000000000000000:{n}-0-0-0-0::" for n in (1, 2)
]


def entry(**changes: Any) -> Entry:
    given = {"service": RUNTIME, "method": "GET", "path": "/v1/jobs", "status": 200, "response_body": b"{}", **changes}
    return Entry(**given)


def responses(*bodies: str, **changes: Any) -> list[Entry]:
    """Several responses to the same request."""
    return [entry(response_body=body.encode(), **changes) for body in bodies]
