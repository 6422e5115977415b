"""A loopback server that forwards every request to the real services, and hands on each request with its response."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from attrs import frozen
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from qiskit_runtime_api.http_library import httpx

from ..base.bounds import BodyBound
from ..http.clients import client_options, proxy_patterns
from .entry import Entry, Headers, header
from .sanitising import HOP_BY_HOP
from .services import Service, environment, locate

if TYPE_CHECKING:
    from ..config.settings import Settings

__all__ = ["METHODS", "MOST_BYTES", "Forwarder", "raw_headers", "service_and_path"]

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
ENCODINGS = ("gzip", "deflate")
"""The accepted content encodings."""

GZIP_MEMBER = b"\x1f\x8b"
MOST_BYTES = 2**28
"""Longest body that is recorded, unpacked: a cassette has 1 GiB at most."""

TIMEOUT = httpx.Timeout(connect=10.0, read=300.0, write=300.0, pool=None)


@frozen
class _Response:
    status: int
    headers: Headers
    body: bytes
    is_decoded: bool


class Forwarder:
    """Forwards requests unchanged, with the caller's own credentials; it has none itself."""

    def __init__(
        self,
        settings: Settings,
        addresses: Mapping[Service, str],
        *,
        keep: Callable[[int, Entry], None],
        remark: Callable[[str], None],
        locate: Callable[[Request], tuple[Service, str] | None] | None = None,
    ) -> None:
        """Send nothing yet.

        Args:
            settings: proxies and certificates.
            addresses: of the real services.
            keep: gets each entry, with its number in the order of arrival.
            remark: gets what else is worth telling.
            locate: the service that a request is for, and the path there; by default its path on loopback says it.
        """
        self._settings = settings
        self._addresses = addresses
        self._keep = keep
        self._remark = remark
        self._locate = locate or service_and_path
        self._numbers = itertools.count()
        self._http: httpx.AsyncClient | None = None

    @property
    def app(self) -> Starlette:
        """The ASGI application."""

        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            verify = client_options(self._settings, None)["verify"]
            mounts = {
                pattern: None if url is None else httpx.AsyncHTTPTransport(proxy=url, verify=verify)
                for pattern, url in proxy_patterns(self._settings).items()
            }
            async with httpx.AsyncClient(verify=verify, timeout=TIMEOUT, mounts=mounts) as self._http:
                yield

        bound = [Middleware(BodyBound, limit=MOST_BYTES)]
        routes = [Route("/{path:path}", self._respond, methods=METHODS)]
        return Starlette(routes=routes, middleware=bound, lifespan=lifespan)

    async def _respond(self, request: Request) -> Response:
        place = self._locate(request)
        if place is None:
            known = ", ".join(environment("").values())
            return _error(404, f"Only {known} are served here: set the variables that were printed.")
        number, started, clock = next(self._numbers), datetime.datetime.now(datetime.UTC), time.monotonic()
        service, path = place
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        headers = tuple((name.lower(), value) for name, value in request.headers.items())
        query = request.scope["query_string"].decode("ascii", "replace")
        try:
            unpacked = _decoded(headers, body)
        except _TooLong:
            return _error(413, f"The request's body is longer than {MOST_BYTES >> 20} MiB when it is unpacked.")
        try:
            response = await self._forward(service, request.method, path, query, headers, body)
        except _TooLong:
            self._remark(f"a response of {service.published} is longer than {MOST_BYTES >> 20} MiB: not recorded.")
            return _error(502, f"The response is longer than {MOST_BYTES >> 20} MiB, which is too long for a cassette.")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._remark(f"{request.method} {service.published} got no response: {type(error).__name__}.")
            return _error(502, f"{service.published} did not respond ({type(error).__name__}): not recorded.")
        if not response.is_decoded:
            self._remark(f"a response of {service.published} has an unknown content encoding: not recorded.")
            return _returned(response, also=("content-encoding",))
        self._keep(
            number,
            Entry(
                service=service,
                method=request.method,
                path=path,
                query=query,
                request_headers=headers,
                request_body=unpacked,
                status=response.status,
                response_headers=response.headers,
                response_body=response.body,
                started=started.isoformat(timespec="milliseconds"),
                milliseconds=round(1000 * (time.monotonic() - clock)),
            ),
        )
        return _returned(response)

    async def _forward(
        self, service: Service, method: str, path: str, query: str, headers: Headers, body: bytes
    ) -> _Response:
        assert self._http is not None
        base = httpx.URL(self._addresses[service])
        below = base.raw_path.decode("ascii").rstrip("/")
        left_out = HOP_BY_HOP - {"content-encoding"} | {"accept-encoding"}
        request = self._http.build_request(
            method,
            base.copy_with(raw_path=f"{below}{path}{f'?{query}' if query else ''}".encode("ascii")),
            headers=[
                *(pair for pair in headers if pair[0] not in left_out),
                ("accept-encoding", ", ".join(ENCODINGS)),
            ],
            content=body or None,
        )
        response = await self._http.send(request, stream=True, follow_redirects=False)
        try:
            received = tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
            )
            raw = bytearray()
            async for part in response.aiter_raw():
                raw += part
                if len(raw) > MOST_BYTES:
                    raise _TooLong
            try:
                unpacked = _unpacked(bytes(raw), header(received, "content-encoding"))
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from error
            whole = bytes(raw) if unpacked is None else unpacked
            return _Response(response.status_code, received, whole, unpacked is not None)
        finally:
            await response.aclose()


def service_and_path(request: Request) -> tuple[Service, str] | None:
    """The service that a request on loopback is for, and the path there; None if it is for none."""
    raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
    return locate(raw_path.decode("ascii", "replace").partition("?")[0])


def raw_headers(response: Response, headers: Headers) -> list[tuple[bytes, bytes]]:
    """Recorded headers, with the content length of the response that is sent."""
    return [
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers),
        *((name, value) for name, value in response.raw_headers if name == b"content-length"),
    ]


def _returned(forwarded: _Response, *, also: tuple[str, ...] = ()) -> Response:
    response = Response(forwarded.body, forwarded.status)
    kept = tuple((name, value) for name, value in forwarded.headers if name not in HOP_BY_HOP or name in also)
    response.raw_headers = raw_headers(response, kept)
    return response


def _decoded(headers: Headers, body: bytes) -> bytes:
    """A request's body without its content encoding, if it is a known one. Raises: _TooLong."""
    try:
        unpacked = _unpacked(body, header(headers, "content-encoding"))
    except zlib.error:
        return body
    return body if unpacked is None else unpacked


class _TooLong(Exception):
    """A body has more than `MOST_BYTES`."""


def _unpacked(body: bytes, encodings: str) -> bytes | None:
    """`body` without these content encodings; None: one is unknown. Raises: _TooLong, zlib.error."""
    for name in reversed([name.strip() for name in encodings.lower().split(",")]):
        if name in ("", "identity"):
            continue
        if name not in ENCODINGS:
            return None
        body = _inflated(body, name)
    return body


def _inflated(packed: bytes, encoding: str) -> bytes:
    unpacked = bytearray()
    has_head = encoding == "gzip" or (packed[:1] and packed[0] & 0x0F == zlib.DEFLATED)
    while packed:
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 32 if has_head else -zlib.MAX_WBITS)
        unpacked += inflater.decompress(packed, MOST_BYTES + 1 - len(unpacked))
        if len(unpacked) > MOST_BYTES:
            raise _TooLong
        if not inflater.eof:
            raise zlib.error("it ends in the middle")
        packed = inflater.unused_data if inflater.unused_data.startswith(GZIP_MEMBER) else b""
    return bytes(unpacked)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"errors": [{"code": status, "message": message}]}, status)
