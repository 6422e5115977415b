"""The embedded service as the target of a check, through a socket or in process, with something in it to ask for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests
from schemathesis.python import asgi

from ..contract.sources import vendored
from ..emulator.app import create_app
from ..emulator.embedded import Emulator
from ..emulator.routing import BASE_PATH
from ..emulator.state.identity import ACCOUNT, API_KEY, GRANT_TYPE
from ..emulator.state.instances import DEFAULT_INSTANCES
from .run import Target

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["in_process", "over_socket"]

# Jobs wait for ever, so that what an answer is does not depend on how fast a machine runs circuits; all else follows
# from the seed and a clock that stands still.
OPTIONS: Mapping[str, Any] = {
    "pace": "hold",
    "seed": 7,
    "virtual_clock": True,
    "token_seconds": 10**6,
    "workers": 1,
}
BACKENDS = ("ibm_torino", "ibm_fez", "fake_fractional")

Ask = Callable[..., requests.Response]


@contextmanager
def over_socket(*, finished: bool = True) -> Iterator[Target]:
    """The embedded service behind a port of its own on 127.0.0.1; `finished` as for `in_process`.

    Meanwhile this process asks no proxy of the environment, which would not find that port.
    """
    with Emulator(**OPTIONS) as emulator, _no_proxies(), requests.Session() as session:
        yield _furnished(session.request, name="through a socket", root=emulator.url, finished=finished)


@contextmanager
def in_process(around: Callable[[ASGIApp], ASGIApp] = lambda app: app, *, finished: bool = True) -> Iterator[Target]:
    """The embedded service as an ASGI application of this process; `around` may put layers around it.

    `finished`: let a job run, which takes some seconds; without it there is none that has a result.
    """
    app: Any = create_app(**OPTIONS)
    layered = around(app)
    with asgi.get_client(app) as client:
        target = _furnished(
            client.request, name="in process", root=f"http://{asgi.HOST}", app=layered, finished=finished
        )
    try:
        yield target
    finally:
        app.state.parts.service.close()


@contextmanager
def _no_proxies() -> Iterator[None]:
    # The environment, because schemathesis opens sessions of its own, which take proxies from nowhere else.
    before = os.environ.get("no_proxy")
    os.environ["no_proxy"] = "*"
    try:
        yield
    finally:
        del os.environ["no_proxy"]
        if before is not None:
            os.environ["no_proxy"] = before


def _furnished(ask: Ask, *, name: str, root: str, app: Any = None, finished: bool = True) -> Target:
    """Log in, and leave jobs and sessions of each kind there for each operation that takes an id."""
    base_url = f"{root}{BASE_PATH}"
    form = {"grant_type": GRANT_TYPE, "apikey": API_KEY}

    def token() -> str:
        return str(_said(ask("POST", f"{root}/identity/token", data=form))["access_token"])

    headers = {
        "Authorization": f"Bearer {token()}",
        "Service-CRN": DEFAULT_INSTANCES[0].crn,
        "IBM-API-Version": str(vendored()["info"]["version"]),
    }

    def created(path: str, body: Mapping[str, Any]) -> str:
        return str(_said(ask("POST", f"{base_url}{path}", json=body, headers=headers))["id"])

    job = _example("/v1/jobs")
    session = _example("/v1/sessions")
    done, disposable = created("/v1/jobs", job), created("/v1/jobs", job)
    _said(ask("POST", f"{base_url}/v1/jobs/{disposable}/cancel", headers=headers))
    if finished:
        _said(ask("POST", f"{root}/_emulator/pace", json={"pace": "immediate"}))
        _said(ask("POST", f"{root}/_emulator/clock", json={"advance": 0}))
        _said(ask("POST", f"{root}/_emulator/pace", json={"pace": OPTIONS["pace"]}))
    waiting, unwanted = created("/v1/jobs", job), created("/v1/jobs", job)
    opened, closing = created("/v1/sessions", session), created("/v1/sessions", session)
    _said(ask("POST", f"{root}/_emulator/jobs/{waiting}/interim_results", json={"step": 1}))
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
    """The contract's own first example of a body, in no session."""
    content = vendored()["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    body = next(iter(content["examples"].values()))["value"]
    return {name: value for name, value in body.items() if name != "session_id"}


def _said(response: requests.Response) -> Any:
    response.raise_for_status()
    return response.json() if response.content else None
