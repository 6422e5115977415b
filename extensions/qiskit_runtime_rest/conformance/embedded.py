"""Check the embedded service: all operations, through a socket and in process, with data for each of them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import requests
from schemathesis.python import asgi

from ..contract.document import Document
from ..contract.sources import vendored
from ..emulator.app import create_app
from ..emulator.embedded import Emulator
from ..emulator.routing import BASE_PATH
from ..emulator.state.identity import ACCOUNT, API_KEY, GRANT_TYPE
from ..emulator.state.instances import DEFAULT_INSTANCES
from .exemptions import exemptions
from .report import Report
from .run import EXPECTED, Scope, Target, check

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["check_embedded", "in_process", "over_socket"]

# Jobs stay queued, so that no response depends on how fast a machine runs circuits. Everything else depends on the seed
# and on a clock that stands still.
OPTIONS: Mapping[str, Any] = {
    "pace": "hold",
    "seed": 7,
    "virtual_clock": True,
    "token_seconds": 10**6,
    "workers": 1,
}
BACKENDS = ("ibm_fez", "ibm_boston", "ibm_berlin")

UNREACHABLE: Mapping[tuple[str, int], str] = {
    ("get_transpiled_circuits_jid", 200): "dropped from the service with API version 2026-02-01",
}
"""Successes in the contract that a check cannot get, with the reason."""

Send = Callable[..., requests.Response]


def check_embedded(*, seed: int | None = None, examples: int | None = None) -> tuple[Sequence[Report], Sequence[str]]:
    """Check the embedded service in each way, in one process each; gives the reports, and the check's own problems.

    A problem is an operation that never answered one of its documented statuses, so that the check says nothing about
    it, and, with the numbers of `schemathesis.toml`, an exemption that was not needed.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(ACCESS), mp_context=spawn) as pool:
        reports = list(pool.map(partial(_check, seed=seed, examples=examples), ACCESS))
    problems = [
        f"{report.target}: {operation} never answered {status}: the check says nothing about it."
        for report in reports
        for operation, status in report.unmet(_expected())
    ]
    if seed is None and examples is None:
        needed = set().union(*(report.excused for report in reports))
        problems += [
            f"exemptions.toml: {one.failure} at {one.operation} ({one.because}) was not needed: delete it."
            for one in exemptions()
            if one not in needed
        ]
    return reports, problems


def _check(way: str, *, seed: int | None, examples: int | None) -> Report:
    with ACCESS[way]() as target:
        return check(target, Scope(seed=seed, examples=examples))


def _expected() -> frozenset[tuple[str, int]]:
    successes = {
        (operation.id, int(status))
        for operation in Document(vendored()).operations()
        for status in operation.content["responses"]
        if status.startswith("2")
    }
    return frozenset(successes | EXPECTED) - UNREACHABLE.keys()


@contextmanager
def over_socket(*, finished: bool = True) -> Iterator[Target]:
    """The embedded service at a port of 127.0.0.1; `finished` as for `in_process`.

    Meanwhile this process uses no proxy, which could not reach that port.
    """
    with Emulator(**OPTIONS) as emulator, _no_proxies(), requests.Session() as session:
        yield _prepared(session.request, name="through a socket", root=emulator.url, finished=finished)


@contextmanager
def in_process(around: Callable[[ASGIApp], ASGIApp] = lambda app: app, *, finished: bool = True) -> Iterator[Target]:
    """The embedded service as an ASGI application in this process; `around` may wrap it.

    `finished`: let a job run, which takes some seconds; without it no job has a result.
    """
    app: Any = create_app(**OPTIONS)
    layered = around(app)
    with asgi.get_client(app) as client:
        target = _prepared(
            client.request, name="in process", root=f"http://{asgi.HOST}", app=layered, finished=finished
        )
    try:
        yield target
    finally:
        app.state.parts.service.close()


@contextmanager
def _no_proxies() -> Iterator[None]:
    # Schemathesis opens its own sessions, which read proxies from the environment only.
    before = os.environ.get("no_proxy")
    os.environ["no_proxy"] = "*"
    try:
        yield
    finally:
        del os.environ["no_proxy"]
        if before is not None:
            os.environ["no_proxy"] = before


def _prepared(send: Send, *, name: str, root: str, app: Any = None, finished: bool = True) -> Target:
    """Log in, and create jobs and sessions of each kind, for each operation that takes an id."""
    base_url = f"{root}{BASE_PATH}"
    form = {"grant_type": GRANT_TYPE, "apikey": API_KEY}

    def token() -> str:
        return str(_content(send("POST", f"{root}/identity/token", data=form))["access_token"])

    headers = {
        "Authorization": f"Bearer {token()}",
        "Service-CRN": DEFAULT_INSTANCES[0].crn,
        "IBM-API-Version": str(vendored()["info"]["version"]),
    }

    def created(path: str, body: Mapping[str, Any]) -> str:
        return str(_content(send("POST", f"{base_url}{path}", json=body, headers=headers))["id"])

    job = _example("/v1/jobs")
    session = _example("/v1/sessions")
    done, disposable = created("/v1/jobs", job), created("/v1/jobs", job)
    _content(send("POST", f"{base_url}/v1/jobs/{disposable}/cancel", headers=headers))
    if finished:
        _content(send("POST", f"{root}/_emulator/pace", json={"pace": "immediate"}))
        _content(send("POST", f"{root}/_emulator/clock", json={"advance": 0}))
        _content(send("POST", f"{root}/_emulator/pace", json={"pace": OPTIONS["pace"]}))
    waiting, unwanted = created("/v1/jobs", job), created("/v1/jobs", job)
    opened, closing = created("/v1/sessions", session), created("/v1/sessions", session)
    _content(send("POST", f"{root}/_emulator/jobs/{waiting}/interim_results", json={"step": 1}))
    return Target(
        name=name,
        base_url=base_url,
        headers=headers,
        logout_token=token(),
        app=app,
        ids={
            "/v1/jobs/{id}": (done, waiting),
            "/v1/backends/{id}": BACKENDS,
            "/v1/accounts/{id}": (ACCOUNT,),
            "/v1/sessions/{id}": (opened,),
            "DELETE /v1/jobs/{id}": (disposable,),
            "POST /v1/jobs/{id}/cancel": (unwanted,),
            "DELETE /v1/sessions/{id}/close": (closing,),
        },
    )


def _example(path: str) -> dict[str, Any]:
    """The contract's first example of a body, without a session."""
    content = vendored()["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    body = next(iter(content["examples"].values()))["value"]
    return {name: value for name, value in body.items() if name != "session_id"}


def _content(response: requests.Response) -> Any:
    response.raise_for_status()
    return response.json() if response.content else None


ACCESS: Mapping[str, Callable[[], AbstractContextManager[Target]]] = {"socket": over_socket, "in process": in_process}
