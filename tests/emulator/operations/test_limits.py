from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]


@pytest.fixture(scope="module")
def limited() -> Iterator[Emulator]:
    with Emulator(
        pace="hold", virtual_clock=True, submissions_per_minute=5, pending_jobs=7, max_body_bytes=10_000
    ) as emulator:
        yield emulator


@pytest.fixture
def api(limited: Emulator, connect: Connect) -> httpx.Client:
    limited.reset()
    return connect(limited)


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_a_user_may_submit_five_jobs_a_minute(
    limited: Emulator, api: httpx.Client, submit: Submit, bell: dict[str, Any], connect: Connect
) -> None:
    for _ in range(5):
        submit(api)
    refused = api.post("/jobs", json=bell)
    assert code(refused) == (429, 1202)
    assert refused.headers["retry-after"] == "60"
    submit(connect(limited, key="emulator-api-key-not-a-secret-of-a-second-user"))


def test_seven_jobs_may_be_pending(limited: Emulator, api: httpx.Client, submit: Submit, bell: dict[str, Any]) -> None:
    for _ in range(7):
        submit(api)
        limited.clock.advance(30)
    assert code(api.post("/jobs", json=bell)) == (429, 3458)


def test_a_refused_job_is_not_counted(limited: Emulator, api: httpx.Client, submit: Submit) -> None:
    for _ in range(5):
        assert api.post("/jobs", json={}).status_code == 400
    submit(api)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_above_the_limit_is_refused(api: httpx.Client, chunked: bool) -> None:
    content = (b" " * 6000 for _ in range(2)) if chunked else b" " * 12_000
    answer = api.post("/jobs", content=content)
    assert code(answer) == (413, 1001)
