"""What comes of requests when their client is closed, or has been used in an event loop that is over."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import anyio
import pytest

from qiskit_runtime_rest import AsyncRuntimeClient, ClientClosed, RuntimeClient, TransportError

from ..fixtures.faces import Connect
from ..fixtures.loopback import API_KEY, CRN, Answer, Asked, Loopback

VERSIONS = Answer(200, {"versions": ["2026-04-15"]})


def client_of(service: Loopback, kind: type[Any], **options: Any) -> Any:
    return kind(api_key=API_KEY, instance=CRN, base_url=service.base_url, iam_url=service.url, verify=False, **options)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_closed_client_sends_nothing_and_says_so_at_once(
    service: Loopback, connect: Connect, clock: Any, method: str
) -> None:
    service.script("*", Answer(200))
    face = connect(service)
    face.request("GET", "/v1/jobs")
    face.close()
    with pytest.raises(ClientClosed, match=r"is closed\. Make a new one") as raised:
        face.request(method, "/v1/jobs")
    assert isinstance(raised.value, TransportError)
    assert (raised.value.sent, raised.value.method) == (False, method)
    assert raised.value.url == f"{service.base_url}/v1/jobs"
    assert len(service.calls) == 1
    assert clock.slept == []


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_under_way_when_its_client_is_closed_may_have_been_sent(
    service: Loopback, clock: Any, method: str
) -> None:
    gate, arrived = threading.Event(), threading.Event()

    def hold(request: Asked) -> Answer:
        arrived.set()
        return Answer(200, gate=gate)

    service.script("*", hold)
    client = client_of(service, AsyncRuntimeClient, clock=clock)
    request = asyncio.create_task(client.api.get_async_httpx_client().request(method, "/v1/jobs"))
    await anyio.to_thread.run_sync(arrived.wait, 10)
    await client.aclose()
    with pytest.raises(ClientClosed) as raised:
        await request
    gate.set()
    assert raised.value.sent == (method == "POST")
    assert len(service.calls) == 1


def test_a_wait_of_a_thread_ends_when_its_client_is_closed(service: Loopback, clock: Any) -> None:
    with client_of(service, RuntimeClient, clock=clock) as client:

        def look(request: Asked) -> Answer:
            looks = len(service.of("/api/v1/jobs/x"))
            if looks == 3:
                client.close()
            return Answer(200, {"id": "x", "status": "Queued"})

        service.script("*", look)
        job = client.jobs.get("x")
        with pytest.raises(ClientClosed):
            job.wait(timeout=1000)
    assert len(service.of("/api/v1/jobs/x")) == 3


def test_an_asynchronous_client_serves_one_event_loop(service: Loopback) -> None:
    service.script("*", VERSIONS)
    client = client_of(service, AsyncRuntimeClient, timeout=5.0)
    http = client.api.get_async_httpx_client()

    async def ask_and_close() -> None:
        async with client:
            await http.post("/v1/jobs")

    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(http.post("/v1/jobs"))
        with pytest.raises(ClientClosed, match=r"asyncio\.run") as raised:
            second.run(ask_and_close())
        first.run(http.aclose())
    assert not raised.value.sent
    assert len(service.calls) == 1
