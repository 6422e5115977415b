"""The embedded service as these tests use it: tiny programs, scripted answers, and what it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qiskit_runtime_rest.emulator.recorder import RecordedRequest
from qiskit_runtime_rest.testing import Emulator

BACKEND = "ibm_torino"

BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
c[0] = measure $0;
c[1] = measure $1;
"""

ONES = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
x $0;
x $1;
c[0] = measure $0;
c[1] = measure $1;
"""

FLIPPED = """OPENQASM 3.0;
include "stdgates.inc";
x $0;
x $1;
"""

NOT_NATIVE = """OPENQASM 3.0;
include "stdgates.inc";
bit[1] c;
h $0;
c[0] = measure $0;
"""

STUDY = {"params": {"pubs": [[ONES, None, 1]], "version": 2}, "backend": BACKEND}
"""Arguments of `submit` for tests that look at the job, not at its result."""


def script(emulator: Emulator, *answers: Mapping[str, Any], operation: str = "get_job") -> None:
    """Spoil the next answers of `operation`, one each, by these fields of a fault rule; {} leaves one as it is."""
    for answer in answers:
        emulator.faults.add(operation, **{"kind": "null", **answer})


def saying(status: str, **state: Any) -> dict[str, Any]:
    """A job's answer with another status, its `state` given in full (`status` in it: the same word)."""
    return {"replace": {"status": status, "state": {"status": status, **state}}}


def environment(emulator: Emulator) -> dict[str, str]:
    """The variables that make another process a client of the service."""
    return {
        "QISKIT_IBM_TOKEN": emulator.api_key,
        "QISKIT_IBM_INSTANCE": emulator.instance,
        "QISKIT_IBM_URL": emulator.base_url,
        "IAM_URL": emulator.iam_url,
    }


def sent(emulator: Emulator, operation: str) -> list[RecordedRequest]:
    """The requests to `operation` that arrived."""
    return [request for request in emulator.requests if request.operation == operation]


def asked(emulator: Emulator) -> list[str | None]:
    """The operations that were asked for, in order, token requests aside."""
    return [request.operation for request in emulator.requests if "/identity/" not in request.path]
