"""Generated requests to each operation and control route, without a network: none fails the service."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest

from qiskit_runtime_rest.emulator import create_app
from qiskit_runtime_rest.emulator.api import ROUTES
from qiskit_runtime_rest.emulator.routing import Route
from qiskit_runtime_rest.emulator.state.identity import API_KEY, GRANT_TYPE
from qiskit_runtime_rest.emulator.state.instances import DEFAULT_INSTANCES

from ..emulator.test_fuzz import BODIES, CONTRACT, CONTROL, FAULT_FIELDS, PROGRAMS, TEXTS, VALUES, paths, replaced

EACH = 1000
"""Requests to each route."""
WORDS = (*TEXTS, "0", "1", "200", "1.5", "inf", "null", "batch", "ibm_fez", "-createdAt", "%s", "${x}", "a,b", "../..")
HEADERS = (
    "authorization",
    "service-crn",
    "ibm-api-version",
    "content-type",
    "content-encoding",
    "content-length",
    "accept",
    "accept-encoding",
    "range",
    "cookie",
    "forwarded",
    "user-agent",
    "x-request-id",
    "x-qx-client-application",
)
ODD_BODIES = (
    b"\xff\xfe",
    b"[",
    b"\xef\xbb\xbf{}",
    b'{"a": 1, "a": 2}',
    b"1" * 5000,
    b"[" * 50_000,
    b'"\\ud800"',
    b'{"a": "\\u0000"}',
    b" ",
)
EXPECTED = b"Internal server error"
"""The live service answers an unknown mode of a session with it."""


class Attack:
    """The application, and requests to it that are drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.app = create_app(pace="hold", virtual_clock=True, seed=1, recorded_requests=5)
        self.service = self.app.state.parts.service
        token = self.service.identity.issue_token(grant_type=GRANT_TYPE, api_key=API_KEY)["access_token"]
        self.headers = {
            "host": "127.0.0.1",
            "authorization": f"Bearer {token}",
            "service-crn": DEFAULT_INSTANCES[0].crn,
            "ibm-api-version": "2026-04-15",
        }
        self.made: list[str] = []
        self.answered: Counter[int] = Counter()

    def word(self) -> str:
        return self.chance.choice([*WORDS, *self.made[-20:]])

    def spoilt(self, document: Any) -> Any:
        for _ in range(self.chance.choice((0, 0, 1, 1, 2, 3))):
            place = self.chance.choice(sorted(paths(document), key=str))
            document = replaced(document, place, self.chance.choice(VALUES))
        return document

    async def send(self, method: str, path: str, query: str = "", body: bytes = b"") -> None:
        headers = dict(self.headers)
        if body:
            headers["content-type"] = "application/json"
        if self.chance.random() < 0.25:
            headers[self.chance.choice(HEADERS)] = self.word()
        sent: list[Any] = []
        begun = False

        async def receive() -> Any:
            nonlocal begun
            message = {"type": "http.disconnect"} if begun else {"type": "http.request", "body": body}
            begun = True
            return message

        async def keep(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path, errors="surrogatepass").encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()],
            "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", 80),
        }
        await self.app(scope, receive, keep)
        status, answer = sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
        assert status < 500 or EXPECTED in answer, (method, path, query, headers, body[:500], answer)
        self.answered[status] += 1
        if status == 200 and method == "POST":
            with suppress(ValueError, KeyError, TypeError):
                self.made.append(str(json.loads(answer)["id"]))

    async def operation(self, route: Route) -> None:
        operation = CONTRACT.operations.get((route.method, route.path)) if route.contracted else None
        names = [one.name for one in operation.parameters if one.place == "query"] if operation else ["query"]
        chosen = self.chance.choices(names or ["x"], k=self.chance.choice((0, 1, 1, 2, 3)))
        query = "&".join(f"{name}={quote(self.word(), errors='surrogatepass')}" for name in chosen)
        body = b""
        if route.method in ("POST", "PUT", "PATCH"):
            document = BODIES.get(operation.id if operation else "", {"apikey": "a"})
            if "program_id" in document:
                document = document | {"program_id": self.chance.choice(PROGRAMS)}
                document.pop(self.chance.choice(("session_id", "tags")))
            body = self.body(document)
        # Servers replace bytes of a path that are no UTF-8.
        steps = [
            self.word().encode("utf-8", "replace").decode() if step.startswith("{") else step
            for step in route.full_path.split("/")
        ]
        await self.send(route.method, "/".join(steps), query, body)

    async def control(self, method: str, path: str) -> None:
        document = CONTROL[method, path]
        if path == "faults" and document is not None:
            more = self.chance.sample(sorted(FAULT_FIELDS), self.chance.randrange(4))
            document = document | {name: FAULT_FIELDS[name] for name in more}
        body = b"" if document is None else self.body(document)
        await self.send(method, f"/_emulator/{path.replace('{id}', quote(self.word(), errors='replace'))}", "", body)
        self.app.state.parts.faults.clear()

    def body(self, document: Any) -> bytes:
        body = json.dumps(self.spoilt(document)).encode()
        kind = self.chance.random()
        if kind < 0.03:
            return self.chance.choice(ODD_BODIES)
        return body[: self.chance.randrange(len(body))] if kind < 0.08 else body


@pytest.fixture(scope="session")
def made() -> Iterator[Attack]:
    attack = Attack(20260415)
    yield attack
    attack.service.close()


@pytest.mark.parametrize("route", [one for one in ROUTES if one.name != "logout"], ids=lambda route: route.name)
def test_no_request_to_an_operation_fails_the_service(made: Attack, route: Route) -> None:
    async def attack() -> None:
        for _ in range(EACH):
            await made.operation(route)

    asyncio.run(attack())


@pytest.mark.parametrize(("method", "path"), sorted(CONTROL))
def test_no_request_to_the_control_plane_fails_the_service(made: Attack, method: str, path: str) -> None:
    async def attack() -> None:
        for _ in range(EACH if path != "reset" else 10):
            await made.control(method, path)

    asyncio.run(attack())


def test_not_all_were_refused_before_they_reached_an_operation(made: Attack) -> None:
    assert made.answered[200] > made.answered.total() / 20
