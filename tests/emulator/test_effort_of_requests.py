"""What requests cost the service, in operations of the interpreter: no more with many jobs in the queue."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from qiskit_runtime_rest.emulator import create_app
from qiskit_runtime_rest.emulator.state.identity import API_KEY, GRANT_TYPE
from qiskit_runtime_rest.emulator.state.instances import DEFAULT_INSTANCES

FEW, MANY = 10, 10_000
CRN = DEFAULT_INSTANCES[0].crn
PARAMS = {"pubs": [["q", None, 1]], "version": 2}
JOB: dict[str, Any] = {"program_id": "sampler", "backend": "ibm_fez", "params": PARAMS, "tags": ["xyz"]}


class Asgi:
    """The service as an application, and a count of what it does for a request."""

    def __init__(self) -> None:
        self.app = create_app(pace="hold", virtual_clock=True, seed=1, quota_seconds=600)
        self.service = self.app.state.parts.service
        token = self.service.identity.issue_token(grant_type=GRANT_TYPE, api_key=API_KEY)["access_token"]
        headers = {"authorization": f"Bearer {token}", "service-crn": CRN, "ibm-api-version": "2026-04-15"}
        self.headers = [(name.encode(), text.encode()) for name, text in headers.items()]

    def queue(self, count: int) -> None:
        """Let so many jobs wait in all."""
        fields = {name: JOB[name] for name in ("program_id", "backend")}
        while self.service.jobs.pending.by_instance[CRN] < count:
            self.service.jobs.create(
                params=JOB["params"], instance=CRN, user_id="IBMid-EMULATOR001", tags=("xyz",), **fields
            )

    def count(self, method: str, target: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """The operations of one request, and its answer."""
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": f"/api/v1{path}",
            "query_string": query.encode(),
            "headers": self.headers,
        }
        sent: list[Any] = []
        operations = 0

        async def receive() -> Any:
            return {"type": "http.request", "body": json.dumps(body).encode() if body else b""}

        async def send(message: Any) -> None:
            sent.append(message)

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal operations
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            operations += event == "opcode"
            return trace

        async def run() -> None:
            before = sys.gettrace()
            sys.settrace(trace)
            try:
                await self.app(scope, receive, send)
            finally:
                sys.settrace(before)

        asyncio.run(run())
        assert sent[0]["status"] < 300, sent
        return operations, json.loads(sent[1]["body"] or b"{}")


@pytest.fixture(scope="module")
def asgi() -> Iterator[Asgi]:
    made = Asgi()
    yield made
    made.service.close()


def test_ten_thousand_jobs_in_the_queue_cost_a_request_no_more_than_ten(asgi: Asgi) -> None:
    def counts() -> dict[str, int]:
        newest = asgi.count("POST", "/jobs", JOB)[1]["id"]
        requests: dict[str, tuple[Any, ...]] = {
            "create": ("POST", "/jobs", JOB),
            "read": ("GET", f"/jobs/{newest}"),
            "list": ("GET", "/jobs?limit=10"),
            "oldest first": ("GET", "/jobs?limit=10&sort=ASC"),
            "only pending": ("GET", "/jobs?limit=10&pending=true"),
            "tags": ("GET", "/tags?type=job&search=xyz"),
            "workloads": ("GET", "/workloads?limit=10"),
            "analytics": ("GET", "/analytics/usage"),
            "devices": ("GET", "/backends?fields=wait_time_seconds"),
            "usage": ("GET", "/instances/usage"),
            "cancel": ("POST", f"/jobs/{newest}/cancel"),
        }
        for request in list(requests.values())[1:-1]:
            asgi.count(*request)  # what is looked up once
        return {name: asgi.count(*request)[0] for name, request in requests.items()}

    asgi.queue(FEW)
    few = counts()
    asgi.queue(MANY)
    many = counts()
    assert {name: many[name] for name in few if many[name] > 1.1 * few[name]} == {}
    assert asgi.count("GET", "/jobs?limit=10")[1]["count"] > MANY
