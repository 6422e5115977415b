from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
import threading

import httpx
import pytest

from qiskit_runtime_rest.base.serving import listen

from ..fixtures.loopback import Answer
from .conftest import HOST, OTHER, SECONDS, Stage, StageOf, rest

HELLO = Answer(200, "hello", {"Content-Type": "text/plain"})
KEY = "a-key-that-must-not-leave-0123456789"


@pytest.fixture(autouse=True)
def hello(request: pytest.FixtureRequest) -> None:
    if "stage" in request.fixturenames:
        request.getfixturevalue("stage").server.script("*", HELLO)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def still_works(stage: Stage) -> bool:
    with stage.tunnel() as secure:
        secure.sendall(f"GET /still HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        return rest(secure).endswith(b"hello")


def test_a_client_that_knows_the_proxy_and_the_authority_reaches_the_server(stage: Stage) -> None:
    trusted = ssl.create_default_context(cafile=str(stage.authority.certificate))
    with httpx.Client(proxy=stage.proxy.url, verify=trusted) as client:
        answers = [client.post(f"https://{host}/a/b?c=%2F", content=b"x" * 300_000) for host in (HOST, OTHER, HOST)]
    assert [(one.status_code, one.text) for one in answers] == [(200, "hello")] * 3
    assert {(one.target, len(one.body)) for one in stage.server.asked} == {("/a/b?c=%2F", 300_000)}
    assert stage.report.answered == {HOST: 1, OTHER: 1}
    assert stage.report.refused == {}


def test_plain_http_is_passed_on_without_what_is_meant_for_the_proxy(stage: Stage) -> None:
    sent = (
        f"POST http://user:{KEY}@{HOST}/a?b#c HTTP/1.1\r\nHost: elsewhere.example\r\nContent-Length: 5\r\n"
        f"Proxy-Authorization: Basic {KEY}\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive\r\nX: y\r\n\r\n"
        "abcde"
    )
    answer = stage.say(sent.encode())
    assert answer.endswith(b"hello")
    (asked,) = stage.server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/a?b", b"abcde")
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers == {"host": HOST, "content-length": "5", "x": "y", "connection": "close"}


@pytest.mark.parametrize("target", ["/x", f"http://{HOST}/x", f"https://{HOST}/x", f"http://{HOST.upper()}.:80/x"])
def test_the_forms_of_a_request_to_a_known_host(stage: Stage, target: str) -> None:
    assert status(stage.say(f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())) == 200
    assert [one.target for one in stage.server.asked] == ["/x"]


def test_a_second_request_on_a_connection_goes_nowhere(stage: Stage) -> None:
    one = f"GET http://{HOST}/one HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    two = "GET http://foreign.example/two HTTP/1.1\r\nHost: foreign.example\r\n\r\n"
    assert stage.say((one + two).encode()).count(b"HTTP/1.1 ") == 1
    assert [asked.target for asked in stage.server.asked] == ["/one"]


@pytest.mark.parametrize(
    ("sent", "refused"),
    [
        ("CONNECT foreign.example:443 HTTP/1.1\r\n\r\n", "foreign.example:443"),
        ("CONNECT foreign.example HTTP/1.1\r\n\r\n", "foreign.example:443"),
        (f"CONNECT {HOST}:22 HTTP/1.1\r\nHost: {HOST}\r\n\r\n", f"{HOST}:22"),
        (f"CONNECT {HOST}.evil.example:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n", f"{HOST}.evil.example:443"),
        (f"CONNECT {HOST}@evil.example:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "evil.example:443"),
        ("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n", "[2001:db8::1]:443"),
        ("CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", "127.0.0.1:443"),
        ("CONNECT [::ffff:127.0.0.1]:443 HTTP/1.1\r\n\r\n", "[::ffff:127.0.0.1]:443"),
        ("CONNECT 2130706433:443 HTTP/1.1\r\n\r\n", "2130706433:443"),
        ("CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n", "169.254.169.254:80"),
        (f"CONNECT {HOST}:443@evil.example:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "evil.example:443"),
        (f"CONNECT evil.example#{HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "evil.example:443"),
        (f"CONNECT {HOST}%2eevil.example:443 HTTP/1.1\r\n\r\n", f"{HOST}%2eevil.example:443"),
        (f"GET http://{HOST}\\@evil.example/{KEY} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "evil.example:80"),
        (f"GET / HTTP/1.1\r\nHost: {HOST}, evil.example\r\nX: {KEY}\r\n\r\n", f"{HOST}, evil.example:80"),
        (f"GET http://foreign.example/{KEY} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "foreign.example:80"),
        (f"GET http://{HOST}:8080/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n", f"{HOST}:8080"),
        # A page of a site whose name now stands for 127.0.0.1 (DNS rebinding).
        (f"GET /?{KEY} HTTP/1.1\r\nHost: rebound.example\r\n\r\n", "rebound.example:80"),
    ],
)
def test_every_other_host_or_port_is_refused_and_counted(stage: Stage, sent: str, refused: str) -> None:
    answer = stage.say(sent.encode())
    assert status(answer) == 403
    assert f"qrr offline refuses {refused}: it is not a host of the Qiskit Runtime services".encode() in answer
    assert stage.report.refused == {refused: 1}
    assert stage.report.answered == {}
    assert KEY not in str(stage.report) + str(stage.report.to_dict())
    assert stage.server.asked == []


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n",
        b"CONNECT\r\n\r\n",
        b"CONNECT :443 HTTP/1.1\r\n\r\n",
        b"CONNECT a:b:c HTTP/1.1\r\n\r\n",
        b"CONNECT [::1 HTTP/1.1\r\n\r\n",
        f"CONNECT {HOST}:99999999 HTTP/1.1\r\n\r\n".encode(),
        f"CONNECT {HOST}:443 HTTP/2\r\n\r\n".encode(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET ftp://quantum.cloud.ibm.com/ HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET http://{HOST}/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".encode(),
        f"GET http://{HOST}/ HTTP/1.1\r\nHost: a\r\nbroken {KEY}\r\n\r\n".encode(),
        f"GET http://{HOST}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".encode(),
    ],
)
def test_what_is_not_a_request_is_refused_and_the_proxy_stays_up(stage: Stage, sent: bytes) -> None:
    answer = stage.say(sent)
    assert status(answer) == 400
    assert KEY.encode() not in answer
    assert stage.server.asked == []
    assert still_works(stage)


def test_a_huge_head_is_refused(stage: Stage) -> None:
    assert status(stage.say(b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000)) == 431
    assert still_works(stage)


def test_a_head_that_does_not_end_is_refused(stage_of: StageOf) -> None:
    with stage_of(head_seconds=0.01) as stage:
        assert status(stage.say(b"CONNECT quantum")) == 408


def test_a_handshake_that_does_not_end_is_ended(stage_of: StageOf) -> None:
    with stage_of(head_seconds=0.01) as stage:
        assert stage.say(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).startswith(b"HTTP/1.1 ")


def test_what_is_not_tls_in_a_tunnel_ends_it(stage: Stage) -> None:
    sent = f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\nGET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    answer = stage.say(sent.encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"hello" not in answer
    assert still_works(stage)


@pytest.mark.parametrize("name", ["foreign.example", None])
def test_a_handshake_for_another_name_is_refused_and_counted(stage: Stage, name: str | None) -> None:
    with pytest.raises(ssl.SSLError), stage.tunnel(name=name):
        pass
    assert stage.report.refused == {f"{name or '(no name)'}:443": 1}
    assert still_works(stage)


def test_http_2_is_not_offered(stage: Stage) -> None:
    with stage.tunnel(alpn=["h2", "http/1.1"]) as secure:
        assert secure.selected_alpn_protocol() == "http/1.1"
    with stage.tunnel(alpn=["h2"]) as secure:
        assert secure.selected_alpn_protocol() is None


def test_a_tunnel_to_port_80_is_plain(stage: Stage) -> None:
    sent = (
        f"CONNECT {HOST}:80 HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
        f"GET /x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    )
    assert stage.say(sent.encode()).endswith(b"hello")


def test_a_server_that_breaks_off_breaks_the_clients_connection(stage: Stage) -> None:
    stage.server.script("*", Answer(200, "x" * 100_000, {}, reset="after"))
    trusted = ssl.create_default_context(cafile=str(stage.authority.certificate))
    with httpx.Client(proxy=stage.proxy.url, verify=trusted) as client, pytest.raises(httpx.TransportError):
        client.get(f"https://{HOST}/")
    stage.server.script("*", HELLO)
    assert still_works(stage)


def test_many_connections_that_say_nothing_do_not_keep_others_out(stage: Stage) -> None:
    silent = [stage.connect() for _ in range(200)]
    assert still_works(stage)
    for connection in silent:
        connection.close()


@pytest.mark.parametrize("secure", [False, True])
def test_a_request_goes_on_when_its_client_has_sent_all(
    stage_of: StageOf, secure: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        stage_of(listener=listener) as stage,
        stage.tunnel() if secure else stage.connect() as client,
    ):
        client.sendall(f"GET /x HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        server, _ = listener.accept()
        server.settimeout(SECONDS)
        client.shutdown(socket.SHUT_WR)
        rest(server)  # the proxy knows that the client sends no more
        for _ in range(5):
            gc.collect()  # tasks that are referenced only weakly are lost here
        with server:
            server.sendall(b"HTTP/1.1 204 Late\r\n\r\n")
        answer = rest(client)
    assert secure or answer == b"HTTP/1.1 204 Late\r\n\r\n"  # TLS knows no half of a connection
    assert caplog.messages == []


def test_it_listens_on_loopback_and_ends_with_open_connections(stage_of: StageOf) -> None:
    with stage_of() as stage:
        assert stage.proxy.url.startswith("http://127.0.0.1:")
        open_one = stage.connect()
        stage.proxy.close()
        stage.proxy.close()
        with contextlib.suppress(ConnectionResetError):
            assert open_one.recv(1) == b""
        open_one.close()
        assert "qiskit-runtime-proxy" not in {thread.name for thread in threading.enumerate()}


def test_it_ends_a_connection_whose_handshake_ends_when_the_proxy_does(
    stage_of: StageOf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = asyncio.StreamReaderProtocol.connection_made

    def ended_before_it_starts(protocol: asyncio.StreamReaderProtocol, transport: asyncio.BaseTransport) -> None:
        before = asyncio.all_tasks()
        made(protocol, transport)
        if transport.get_extra_info("ssl_object") is not None:
            for task in asyncio.all_tasks() - before:
                task.cancel()

    monkeypatch.setattr(asyncio.StreamReaderProtocol, "connection_made", ended_before_it_starts)
    with stage_of() as stage, stage.tunnel() as secure, contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        assert rest(secure) == b""
    gc.collect()
    assert caplog.messages == []
