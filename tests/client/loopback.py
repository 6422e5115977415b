"""A small HTTP server on 127.0.0.1 that answers as it is told, however badly, and remembers what it was asked."""

from __future__ import annotations

import itertools
import json
import socket
import ssl
import struct
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import attrs

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0a1b2c:11112222-3333-4444-5555-666677778888::"
API_KEY = "hGq7-Zx91_apikey-0123456789-abcdefghijklmnop"
TOKEN_PATH = "/identity/token"
BODILESS = (204, 304)


@attrs.frozen
class Answer:
    """One answer, or a way of not giving one.

    `body`: bytes, text, or anything else as JSON. `length`: the Content-Length claimed, when not the true one.
    `reset`: end the connection hard, `before` any byte of the answer or `after` its first half.
    `gate`: answer only when it is set. `parts`: the body, each part sent when it is made, in place of `body`.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    length: int | None = None
    reset: str | None = None
    gate: threading.Event | None = None
    parts: Iterable[bytes] | None = None

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@attrs.frozen
class Asked:
    """A request as it arrived. `target`: what the request line named; `connection`: the client's port."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.target).path

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def form(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(self.body.decode()))


Script = Answer | Callable[[Asked], Answer]

HTML = Answer(200, "<!DOCTYPE html><html><body><h1>Hello</h1></body></html>", {"Content-Type": "text/html"})
RESET = Answer(reset="before")
CUT = Answer(200, '{"id": "x"', {"Content-Type": "application/json"}, length=1000)


def refused(code: int | str, message: str, **more: Any) -> dict[str, Any]:
    """A body in the service's error format."""
    return {"errors": [{"code": code, "message": message, **more}], "trace": "trace-1"}


class Loopback:
    """Answers each route by its script: one entry a request, the last one for ever. IAM issues token-1, token-2, ...

    `expires_in`: the tokens' life in seconds. `most_at_once`: how many token requests were ever under way together.
    """

    def __init__(self, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.expires_in: float = 3600
        self.most_at_once = 0
        self._at_once = 0
        self._exchanged = threading.Event()
        self._issued = 0
        self._scripts: dict[str, list[Script]] = {f"POST {TOKEN_PATH}": [self.issue]}
        self._lock = threading.Lock()
        self._server = _Server(self, port)
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/api"

    def script(self, route: str, *answers: Script) -> None:
        """Answer `route` (`"GET /api/v1/jobs/x"`, or `"*"` for all others) like this from now on."""
        self._scripts[route] = list(answers)

    def of(self, path: str) -> list[Asked]:
        """The requests to `path`."""
        return [request for request in self.asked if request.path == path]

    @property
    def exchanges(self) -> list[Asked]:
        """The token requests."""
        return self.of(TOKEN_PATH)

    def await_exchange(self) -> None:
        """Return when the first token request has arrived."""
        assert self._exchanged.wait(5)

    @property
    def calls(self) -> list[Asked]:
        """All other requests."""
        return [request for request in self.asked if request.path != TOKEN_PATH]

    def answer(self, request: Asked) -> Answer:
        is_exchange = request.path == TOKEN_PATH
        with self._lock:
            self.asked.append(request)
            self._at_once += is_exchange
            self.most_at_once = max(self.most_at_once, self._at_once)
            script = self._scripts.get(request.route) or self._scripts.get("*") or [Answer(404)]
            if is_exchange:
                self._exchanged.set()
            entry = script.pop(0) if len(script) > 1 else script[0]
        try:
            answer = entry(request) if callable(entry) else entry
            if answer.gate is not None:
                answer.gate.wait(10)
            return answer
        finally:
            with self._lock:
                self._at_once -= is_exchange

    def issue(self, _request: Asked) -> Answer:
        """The next token."""
        with self._lock:
            self._issued += 1
            return Answer(200, token_body(f"token-{self._issued}", self.expires_in))


def token_body(token: Any, expires_in: Any = 3600) -> dict[str, Any]:
    """IAM's answer to a good key."""
    return {"access_token": token, "token_type": "Bearer", "expires_in": expires_in, "expiration": 1}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, loopback: Loopback, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.loopback = loopback

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up, or refuse our certificate, are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.command, self.path, dict(self.headers), body, self.client_address[1])
        answer = self.server.loopback.answer(asked)
        if answer.reset == "before":
            return self._reset()
        content = b"" if answer.status in BODILESS else answer.content
        self.send_response_only(answer.status, "Told So")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.parts is not None:
            return self._send_parts(answer.parts)
        if answer.status not in BODILESS:
            self.send_header("Content-Length", str(len(content) if answer.length is None else answer.length))
        self.end_headers()
        if answer.reset == "after":
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            return self._reset()
        self.wfile.write(content)
        self.wfile.flush()
        self.close_connection = self.close_connection or answer.length is not None

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = answer  # noqa: N815 - names of http.server

    def _send_parts(self, parts: Iterable[bytes]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in itertools.chain(parts, [b""]):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            self.wfile.flush()

    def _reset(self) -> None:
        # Closing with a linger time of 0 sends a RST instead of a FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - name of http.server
        """Tests read `asked`."""
