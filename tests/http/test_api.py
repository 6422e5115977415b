"""The generated client on top of ours: authenticated, and copied without changing the original."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from qiskit_runtime_api.api.jobs import cancel_job, get_job, list_jobs, replace_job_tags
from qiskit_runtime_api.api.versions import get_versions
from qiskit_runtime_api.models import TagList
from qiskit_runtime_rest import Conflict, NotFound, RuntimeClient

from ..fixtures.faces import Connect, Face
from ..fixtures.loopback import CRN, Answer, Loopback, refused

JOB = {
    **{"id": "x", "backend": "ibm_fez", "state": {"status": "Queued"}, "status": "Queued", "cost": 600},
    **{"created": "2026-04-15T12:00:00.000Z", "program": {"id": "sampler"}},
}


def http(face: Face, api: Any) -> Any:
    return api.get_async_httpx_client() if face.is_async else api.get_httpx_client()


def get(face: Face, api: Any) -> Any:
    return face.do(lambda _: http(face, api).get("/v1/jobs"))


def test_a_generated_function_is_authenticated_and_parses(service: Loopback, connect: Connect) -> None:
    service.script("GET /api/v1/jobs/x", Answer(200, JOB))
    job = connect(service).generated(get_job, id="x")
    assert (job.id, job.backend, str(job.status)) == ("x", "ibm_fez", "Queued")
    assert service.calls[0].headers["Authorization"] == "Bearer token-1"
    assert service.calls[0].headers["IBM-API-Version"] == "2026-04-15"


def test_generated_functions_raise_typed_errors(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(404, refused(1291, "Job not found.")))
    service.script("POST /api/v1/jobs/x/cancel", Answer(409, refused(3454, "It is over.")))
    face = connect(service)
    with pytest.raises(NotFound, match="Job not found"):
        face.generated(get_job, id="x")
    with pytest.raises(Conflict, match="It is over"):
        face.generated(cancel_job, id="x")
    with pytest.raises(NotFound):
        face.generated(list_jobs)


def test_generated_functions_are_retried_where_that_is_safe(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(503), Answer(204))
    face = connect(service)
    face.generated(replace_job_tags, id="x", body=TagList(tags=["a"]))
    assert [call.method for call in service.calls] == ["PUT", "PUT"]


def test_an_id_cannot_leave_its_place_in_the_path(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(404))
    with pytest.raises(NotFound):
        connect(service).generated(get_job, id="../sessions/x?a=b#c")
    assert service.calls[0].target.startswith("/api/v1/jobs/..%2Fsessions%2Fx%3Fa%3Db%23c")


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        (lambda api: api.with_headers({"Parent-Job-Id": "p"}), ("Parent-Job-Id", "p")),
        (lambda api: api.with_cookies({"c": "1"}), ("Cookie", "c=1")),
        (lambda api: api.with_timeout(httpx.Timeout(7.0)), None),
    ],
    ids=["headers", "cookies", "timeout"],
)
@pytest.mark.parametrize("opened", [True, False], ids=["opened", "fresh"])
def test_a_changed_copy_is_authenticated_and_leaves_the_original_alone(
    service: Loopback, connect: Connect, change: Any, sent: tuple[str, str] | None, opened: bool
) -> None:
    service.script("*", Answer(200))
    face = connect(service)
    api = face.client.api
    if opened:
        get(face, api)
    copy = change(api)
    get(face, copy)
    get(face, api)
    changed, original = service.calls[-2:]
    for call in (changed, original):
        assert call.headers["Authorization"] == "Bearer token-1"
        assert call.headers["Service-CRN"] == CRN
        assert call.headers["IBM-API-Version"] == "2026-04-15"
    assert len(service.exchanges) == 1
    if sent is not None:
        name, value = sent
        assert changed.headers[name] == value
        assert name not in original.headers
    else:
        assert http(face, copy).timeout == httpx.Timeout(7.0)
        assert http(face, api).timeout != httpx.Timeout(7.0)


def test_copies_of_copies_add_up(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(200))
    face = connect(service)
    copy = face.client.api.with_headers({"A": "1"}).with_cookies({"c": "1"}).with_headers({"B": "2"})
    get(face, copy)
    (call,) = service.calls
    assert (call.headers["A"], call.headers["B"], call.headers["Cookie"]) == ("1", "2", "c=1")


def test_a_copy_is_retried_and_raises_typed_errors_as_well(service: Loopback, connect: Connect) -> None:
    service.script("GET /api/v1/versions", Answer(503), Answer(200, {"versions": ["2026-04-15"]}))
    service.script("*", Answer(404))
    face = connect(service)
    copy = face.client.api.with_headers({"A": "1"})
    face.do(lambda _: face.function(get_versions)(client=copy))
    with pytest.raises(NotFound):
        face.do(lambda _: face.function(get_job)("x", client=copy))
    assert [call.headers["A"] for call in service.calls] == ["1"] * 3


def test_the_generated_client_is_one_and_the_same(connect: Connect) -> None:
    face = connect(base_url="http://127.0.0.1:1")
    assert face.client.api is face.client.api
    assert http(face, face.client.api) is http(face, face.client.api)


def test_threads_that_come_at_once_open_one_client(service: Loopback) -> None:
    count = 16
    together = threading.Barrier(count)

    def take(client: RuntimeClient) -> tuple[Any, Any]:
        together.wait()
        return client.api, client.api.get_httpx_client()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(count) as pool:
            for _ in range(5):
                with RuntimeClient(token="ready-made", instance=CRN, base_url=service.base_url) as client:
                    taken = list(pool.map(take, [client] * count))
                assert len({id(api) for api, _ in taken}) == 1
                assert len({id(http) for _, http in taken}) == 1
    finally:
        sys.setswitchinterval(interval)


def test_threads_share_a_client(service: Loopback) -> None:
    service.script("*", Answer(200))
    ready = threading.Barrier(8)
    with (
        RuntimeClient(token="ready-made", instance=CRN, base_url=service.base_url) as client,
        ThreadPoolExecutor(8) as threads,
    ):

        def call() -> int:
            ready.wait(5)
            return client.api.get_httpx_client().get("/v1/jobs").status_code

        assert [done.result(5) for done in [threads.submit(call) for _ in range(8)]] == [200] * 8
