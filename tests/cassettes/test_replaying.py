"""The replay's server: what it serves of a cassette, and what it refuses."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from qiskit_runtime_rest.cassettes import Entry, replay
from qiskit_runtime_rest.cassettes.har import dumps
from qiskit_runtime_rest.cassettes.replaying import Replay, token_response

from .entries import CRNS, entry, responses


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(*entries: Entry) -> Path:
        (tmp_path / "it.har").write_text(dumps(entries))
        return tmp_path / "it.har"

    return write


def test_a_response_has_the_recorded_status_and_headers(written: Any) -> None:
    kept = [
        entry(status=429, response_body=b'{"errors":[]}', response_headers=(("retry-after", "7"),)),
        entry(status=520, response_body=b"<html>", response_headers=(("cf-ray", "replaced-0"),)),
        entry(status=204, response_body=b""),
    ]
    with replay(written(*kept)) as service:
        assert service.url.startswith("http://127.0.0.1:")
        got = [httpx.get(f"{service.base_url}/v1/jobs") for _ in kept]
    assert [response.status_code for response in got] == [429, 520, 204]
    assert (got[0].headers["retry-after"], got[1].headers["cf-ray"]) == ("7", "replaced-0")


def test_the_version_in_the_path_may_be_left_out(written: Any) -> None:
    with replay(written(*responses("it", query="limit=1"))) as service:
        assert httpx.get(f"{service.base_url}/v1/jobs?limit=1").text == "it"
        assert httpx.get(f"{service.base_url}/jobs?limit=1").text == "it"


def test_headers_that_no_recording_keeps_are_not_served(written: Any) -> None:
    headers = (("set-cookie", "a=b"), ("transfer-encoding", "chunked"), ("content-length", "999"), ("retry-after", "1"))
    with replay(written(entry(path="/v1/versions", response_headers=headers))) as service:
        response = httpx.get(f"{service.base_url}/v1/versions")
    assert response.text == "{}"
    assert response.headers.keys() == {"content-length", "retry-after"}


def test_a_request_that_was_not_recorded_gets_an_error_with_the_nearest(written: Any) -> None:
    with replay(written(entry())) as service:
        response = httpx.get(f"{service.base_url}/v1/job")
        elsewhere = httpx.get(f"{service.url}/elsewhere")
    assert (response.status_code, elsewhere.status_code) == (421, 421)
    assert "not in the cassette (it.har)" in response.json()["errors"][0]["message"]
    assert ["nearest that was: GET /v1/jobs." in service.missed[0], "/elsewhere" in service.missed[1]] == [True, True]


@pytest.mark.parametrize(
    "path",
    ["/../../../../etc/passwd", "/iam/../../etc/passwd", "/experimental/api/v1/..%2f..%2fetc/passwd", "//", "/%"],
)
def test_no_path_leads_to_a_file(written: Any, path: str) -> None:
    with replay(written(entry())) as service:
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            response = b"".join(iter(lambda: connection.recv(4096), b""))
    assert response.startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))
    assert b"root:" not in response


def test_the_instance_is_the_first_in_the_cassette(written: Any) -> None:
    kept = [entry(request_headers=(("service-crn", crn),)) for crn in ("not a CRN", *CRNS)]
    assert Replay(written(*kept)).instance == CRNS[0]
    assert Replay(written(entry())).instance.startswith("crn:v1:bluemix:public:quantum-computing:us-east:a/f0f0")


@pytest.mark.parametrize(
    ("recorded", "lifetime"),
    [(b'{"expires_in": 60, "scope": "other"}', 60), (b'{"expires_in": -1}', 3600), (b"", 3600), (b"[]", 3600)],
)
def test_a_token_begins_now_and_names_the_account_of_the_instance(recorded: bytes, lifetime: int) -> None:
    body = json.loads(token_response(recorded, instance=CRNS[0], user="IBMid-1", now=1000))
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (claims["iat"], claims["exp"], claims["iam_id"]) == (1000, 1000 + lifetime, "IBMid-1")
    assert claims["account"]["bss"] in CRNS[0]
    assert (body["expires_in"], body["expiration"]) == (lifetime, 1000 + lifetime)
    assert body["scope"] == ("other" if b"other" in recorded else "ibm openid")
