"""Tokens that the service did not issue, or does not accept any more, at every operation that needs one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest

from qiskit_runtime_rest.emulator.api import ROUTES
from qiskit_runtime_rest.emulator.routing import Route
from qiskit_runtime_rest.testing import Emulator

from .conftest import credentials

PROTECTED = [route for route in ROUTES if route.contracted and not route.public]


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def signature(token: str) -> str:
    return token.rsplit(".", 1)[1]


LONG_KEY = "a key of 32 bytes or more, but of somebody else"
CERTIFICATE = "https://evil.example/keys"

FORGED: dict[str, Callable[[str], str]] = {
    "no algorithm": lambda token: f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims(token))}.",
    "no algorithm in capitals": lambda token: f"{part({'alg': 'NONE'})}.{part(claims(token))}.{signature(token)}",
    "no algorithm, the old signature": lambda token: f"{part({'alg': 'none'})}.{token.split('.', 1)[1]}",
    "another key": lambda token: jwt.encode(claims(token), LONG_KEY, algorithm="HS256"),
    "another algorithm": lambda token: jwt.encode(claims(token), LONG_KEY * 2, algorithm="HS512"),
    "the key in the header": lambda token: jwt.encode(
        claims(token), LONG_KEY, algorithm="HS256", headers={"jwk": {"kty": "oct", "k": part(LONG_KEY)}}
    ),
    "the key elsewhere": lambda token: jwt.encode(
        claims(token), LONG_KEY, algorithm="HS256", headers={"jku": CERTIFICATE, "kid": "../../../../dev/null"}
    ),
    "another user": lambda token: (
        f"{token.split('.')[0]}.{part({**claims(token), 'iam_id': 'IBMid-EMULATOR002'})}.{signature(token)}"
    ),
    "a later end": lambda token: f"{token.split('.')[0]}.{part({**claims(token), 'exp': 2**40})}.{signature(token)}",
    "a cut signature": lambda token: token[:-4],
    "no signature": lambda token: token.rsplit(".", 1)[0] + ".",
    "two parts": lambda token: token.rsplit(".", 1)[0],
    "a part too many": lambda token: f"{token}.{signature(token)}",
    "not base64": lambda token: "!.!.!",
    "not a token": lambda token: "secret",
    "much": lambda token: "a" * 50_000,
    "claims that are a list": lambda token: f"{token.split('.')[0]}.{part([1])}.{signature(token)}",
    "deep claims": lambda token: f"{part({'alg': 'HS256'})}.{base64.b64encode(b'[' * 20_000).decode()}.x",
    "two tokens": lambda token: f"{token},{token}",
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_token_is_refused_by_every_operation(api: httpx.Client, kind: str) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Authorization": f"Bearer {FORGED[kind](token)}"}
    for route in PROTECTED:
        answer = api.request(route.method, route.path.removeprefix("/v1").replace("{id}", "x"), headers=headers)
        assert answer.status_code == 401, (route.name, answer.text)
        assert token not in answer.text
    assert api.get("/jobs").status_code == 200


@pytest.fixture(scope="module")
def other() -> Iterator[Emulator]:
    with Emulator(virtual_clock=True) as emulator:
        yield emulator


@pytest.mark.parametrize("route", PROTECTED, ids=lambda route: route.name)
def test_the_token_of_another_service_is_refused(api: httpx.Client, other: Emulator, route: Route) -> None:
    foreign = credentials(other, api)["Authorization"]
    path = route.path.removeprefix("/v1").replace("{id}", "x")
    assert api.request(route.method, path, headers={"Authorization": foreign}).status_code == 401


def test_an_expired_and_a_logged_out_token_are_refused_by_every_operation(other: Emulator) -> None:
    with httpx.Client(base_url=f"{other.base_url}/v1", timeout=60, verify=False, trust_env=False) as client:
        expired = credentials(other, client)
        other.clock.advance(3601)
        logged_out = credentials(other, client)
        assert client.post("/logout", headers=logged_out).status_code == 204
        for headers in (expired, logged_out):
            for route in PROTECTED:
                path = route.path.removeprefix("/v1").replace("{id}", "x")
                assert client.request(route.method, path, headers=headers).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "apikey", "bearer\t", "Token", "Bearer Bearer"])
def test_a_token_under_another_scheme_is_refused(api: httpx.Client, scheme: str) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    assert api.get("/jobs", headers={"Authorization": f"{scheme} {token}"}).status_code == 401
