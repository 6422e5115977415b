"""Whatever a client of the classic API does to send a request: the gateway reads it."""

from __future__ import annotations

import contextlib
import gzip
import json
import shutil
import socket
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from qiskit_runtime_rest.testing import Emulator

from .test_gateway import error, submit

CLIENTS = Path(__file__).with_name("clients")
PAGE = "http://page.example"


def run(*command: str) -> str:
    program = shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_body_survives_the_offer_of_http_2_by_java(gateway: Any, emulator: Emulator) -> None:
    login, job = run("java", str(CLIENTS / "Classic.java"), gateway.url, emulator.api_key).splitlines()
    assert login == "200"
    assert job.startswith('200 {"id":"local-')


def test_a_body_survives_the_offer_of_http_2_by_curl(gateway: Any, emulator: Emulator) -> None:
    body = json.dumps({"apiToken": emulator.api_key})
    where = f"{gateway.url}/users/loginWithToken"
    answer = json.loads(run("curl", "-s", "--http2", where, "-H", "Content-Type: application/json", "-d", body))
    assert answer["id"].startswith("qrr-access-")


def test_node_logs_in_and_submits(gateway: Any, emulator: Emulator) -> None:
    login, job = run("node", str(CLIENTS / "classic.mjs"), gateway.url, emulator.api_key).splitlines()
    assert login == "200"
    assert json.loads(job)[0] == 200


def test_a_login_may_be_a_form(gateway: Any, emulator: Emulator) -> None:
    sent = gateway.http.post("/users/loginWithToken", data={"apiToken": emulator.api_key})
    assert sent.json()["id"]


def test_json_that_curl_calls_a_form_is_json(gateway: Any, emulator: Emulator) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = json.dumps({"apiToken": emulator.api_key})
    assert gateway.http.post("/users/loginWithToken", content=body, headers=form).json()["id"]


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_bodies_may_be_compressed(
    gateway: Any, emulator: Emulator, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    body = json.dumps({"apiToken": emulator.api_key}).encode()
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    path = "/users/loginWithToken"
    assert gateway.http.post(path, content=compress(body), headers=headers).json()["id"]
    assert error(gateway.http.post(path, content=compress(body)[:-4], headers=headers))[0] == 400
    assert error(gateway.http.post(path, content=body, headers=headers))[0] == 400


def test_a_body_that_grows_too_large_and_an_unknown_compression_are_refused(gateway: Any) -> None:
    path = "/users/loginWithToken"
    bomb = gzip.compress(bytes(65 * 2**20), compresslevel=9)
    assert error(gateway.http.post(path, content=bomb, headers={"Content-Encoding": "gzip"}))[0] == 413
    assert error(gateway.http.post(path, content=b"x", headers={"Content-Encoding": "br"}))[0] == 415


def test_requests_may_follow_each_other_before_their_answers(gateway: Any) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    one = f"GET /programs HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"
    last = one.replace("/programs", "/version").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall((one + one + last).encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.index(b'"programs"') < received.index(b'"api-auth"')


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/jobs", "GET, POST"),
        ("DELETE", "/runtime/programs", "GET, POST"),
        ("POST", "/backends", "GET"),
        ("OPTIONS", "/jobs", "GET, POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(gateway: Any, method: str, path: str, allowed: str) -> None:
    refused = gateway.http.request(method, path)
    assert error(refused)[0] == 405
    assert refused.headers["Allow"] == allowed


def test_transpiled_circuits_are_asked_of_the_api_version_that_has_them(gateway: Any) -> None:
    job = submit(gateway)
    assert gateway.results(job["id"]).status_code == 200
    found = gateway.http.get(f"/jobs/{job['id']}/transpiled_circuits")
    assert found.status_code == 200, found.text
    assert "IBM-API-Version" in {note.field for note in gateway.translator.notes}


def test_a_page_of_an_allowed_host_may_call(open_gateway: Callable[..., Any], emulator: Emulator) -> None:
    gateway = open_gateway(allow_hosts=["page.example"])
    asked = {"Method": "POST", "Headers": "x-access-token"}
    asking = {"Origin": PAGE} | {f"Access-Control-Request-{name}": value for name, value in asked.items()}
    preflight = gateway.http.options("/jobs", headers=asking)
    assert preflight.status_code == 200
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "x-access-token"
    login = gateway.http.post("/users/loginWithToken", json={"apiToken": emulator.api_key}, headers={"Origin": PAGE})
    assert login.headers["Access-Control-Allow-Origin"] == "*"


def test_a_page_of_another_site_may_not(gateway: Any) -> None:
    refused = gateway.http.options("/jobs", headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"})
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers


def local_stream(gateway: Any, job_id: str, first: str) -> tuple[list[str], int | None]:
    with connect(gateway.url.replace("http:", "ws:") + f"/stream/jobs/{job_id}", proxy=None) as websocket:
        websocket.send(first)
        messages = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                messages.append(str(websocket.recv()))
        return messages, websocket.close_code


def test_a_websocket_may_send_its_token_as_the_first_message(gateway: Any, emulator: Emulator) -> None:
    job = submit(gateway, program_id="runtime-simple", params={"iterations": 2})["id"]
    token = gateway.http.headers["x-access-token"]
    messages, code = local_stream(gateway, job, json.dumps({"type": "authentication", "data": token}))
    assert json.loads(messages[0]) == {"type": "authenticated"}
    assert (messages[-1], len(messages), code) == ("All done!", 5, 1000)
    messages, code = local_stream(gateway, job, emulator.api_key)
    assert (messages[-1], len(messages), code) == ("All done!", 4, 1000)


@pytest.mark.parametrize(
    "first", ["{}", '{"type": "authentication", "data": 1}', "qrr-access-unknown", "[]", "two words"]
)
def test_a_websocket_with_a_wrong_first_message_is_refused(gateway: Any, first: str) -> None:
    messages, code = local_stream(gateway, "local-1", first)
    assert json.loads(messages[-1])["errors"][0]["code"] == 1201
    assert code == 1008
