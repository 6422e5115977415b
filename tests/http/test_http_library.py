"""Objects of the HTTP library: of httpx2 where that is installed, else of httpx. `make httpx2` runs this with both."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from qiskit_runtime_api.http_library import httpx
from qiskit_runtime_rest import ConfigurationError, RuntimeClient, Settings

IN_USE, OTHER = ("httpx2", "httpx") if find_spec("httpx2") else ("httpx", "httpx2")
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"
MEMBERS = ("sync_auth_flow", "async_auth_flow", "handle_request", "handle_async_request", "max_connections")

PROGRAM = f"""
import asyncio, importlib, sys
from qiskit_runtime_rest import AsyncRuntimeClient, RuntimeClient

library = importlib.import_module(sys.argv[1])
seen = []

class Mine(library.Auth):
    def auth_flow(self, request):
        request.headers["Authorization"] = "Bearer mine"
        yield request

def answer(request):
    seen.append(request.headers["Authorization"])
    return library.Response(200, json={{"versions": [{{"version": "2026-04-15"}}]}})

def note(response):
    seen.append(type(response).__module__.partition(".")[0])

async def note_in_task(response):
    note(response)

given = {{
    "instance": {CRN!r}, "auth": Mine(), "timeout": library.Timeout(5.0),
    "limits": library.Limits(max_connections=2), "transport": library.MockTransport(answer),
}}

async def awaited():
    async with AsyncRuntimeClient(**given, event_hooks={{"response": [note_in_task]}}) as client:
        await client.versions()

with RuntimeClient(**given, event_hooks={{"response": [note]}}) as client:
    client.versions()
asyncio.run(awaited())
print(*seen)
"""


def run(library: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, library]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_own_authentication_transport_limits_and_hooks_are_of_the_library_in_use() -> None:
    done = run(IN_USE)
    assert done.stdout.split() == ["Bearer", "mine", IN_USE] * 2, done.stderr


@pytest.mark.skipif(IN_USE == "httpx", reason="needs both: make httpx2")
def test_a_program_with_objects_of_the_other_library_is_told() -> None:
    assert "timeout: it is of httpx, but this process uses httpx2" in run(OTHER).stderr


@pytest.mark.parametrize("name", ["auth", "limits", "timeout", "transport"])
def test_an_object_of_the_other_library_is_refused(name: str) -> None:
    members = dict.fromkeys(MEMBERS) | {"__module__": f"{OTHER}._config"}
    theirs = type("Mine", (type("Theirs", (), members),), {})()
    given: dict[str, Any] = {"instance": CRN, "token": "t", name: theirs}
    with pytest.raises(
        ConfigurationError, match=f"^{name}: it is of {OTHER}, but this process uses {IN_USE} .*: pass one of {IN_USE}"
    ):
        RuntimeClient(**given).versions()


def test_a_timeout_of_the_library_is_a_setting() -> None:
    assert Settings(timeout=httpx.Timeout(5.0)).timeout == httpx.Timeout(5.0)
