"""A server on loopback that passes everything on to the real services, and tells what passed."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

import httpx
from attrs import frozen
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..http.clients import client_options, proxy_patterns
from .exchange import Exchange, Headers, header
from .headers import HOP_BY_HOP
from .services import Service, environment, locate

if TYPE_CHECKING:
    from ..config.settings import Settings

__all__ = ["METHODS", "Forwarder"]

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
UNDERSTOOD = ("gzip", "deflate")
TIMEOUT = httpx.Timeout(connect=10.0, read=300.0, write=300.0, pool=None)


@frozen
class _Answer:
    status: int
    headers: Headers
    body: bytes
    is_plain: bool
    """Whether the body is without any content encoding."""


class Forwarder:
    """Passes requests on as they are, with the caller's own credentials; it has none itself."""

    def __init__(
        self,
        settings: Settings,
        addresses: Mapping[Service, str],
        *,
        keep: Callable[[int, Exchange], None],
        remark: Callable[[str], None],
    ) -> None:
        """`settings`: proxies and certificates. `keep` gets what passed, with its number in the order of arrival."""
        self._settings = settings
        self._addresses = addresses
        self._keep = keep
        self._remark = remark
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

        return Starlette(routes=[Route("/{path:path}", self._answer, methods=METHODS)], lifespan=lifespan)

    async def _answer(self, request: Request) -> Response:
        raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
        place = locate(raw_path.decode("ascii", "replace").partition("?")[0])
        if place is None:
            known = ", ".join(environment("").values())
            return _complaint(404, f"There is nothing here but {known}: set the variables that were printed.")
        number, began, clock = next(self._numbers), datetime.datetime.now(datetime.UTC), time.monotonic()
        service, path = place
        try:
            sent = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        asked = tuple((name.lower(), value) for name, value in request.headers.items())
        query = request.scope["query_string"].decode("ascii", "replace")
        try:
            answer = await self._passed_on(service, request.method, path, query, asked, sent)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._remark(f"{request.method} {service.published} was not answered: {type(error).__name__}.")
            return _complaint(502, f"{service.published} did not answer ({type(error).__name__}): not recorded.")
        if not answer.is_plain:
            self._remark(f"an answer of {service.published} was compressed in a way not asked for: not recorded.")
            return _passed_back(answer, also=("content-encoding",))
        self._keep(
            number,
            Exchange(
                service=service,
                method=request.method,
                path=path,
                query=query,
                asked=asked,
                sent=_decoded(asked, sent),
                status=answer.status,
                answered=answer.headers,
                body=answer.body,
                began=began.isoformat(timespec="milliseconds"),
                milliseconds=round(1000 * (time.monotonic() - clock)),
            ),
        )
        return _passed_back(answer)

    async def _passed_on(
        self, service: Service, method: str, path: str, query: str, asked: Headers, sent: bytes
    ) -> _Answer:
        assert self._http is not None
        base = httpx.URL(self._addresses[service])
        below = base.raw_path.decode("ascii").rstrip("/")
        left_out = HOP_BY_HOP - {"content-encoding"} | {"accept-encoding"}
        request = self._http.build_request(
            method,
            base.copy_with(raw_path=f"{below}{path}{f'?{query}' if query else ''}".encode("ascii")),
            headers=[*(pair for pair in asked if pair[0] not in left_out), ("accept-encoding", ", ".join(UNDERSTOOD))],
            content=sent or None,
        )
        response = await self._http.send(request, stream=True, follow_redirects=False)
        try:
            headers = tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
            )
            encodings = {name.strip() for name in header(headers, "content-encoding").lower().split(",")}
            if encodings <= {"", "identity", *UNDERSTOOD}:
                return _Answer(response.status_code, headers, await response.aread(), is_plain=True)
            raw = b"".join([part async for part in response.aiter_raw()])
            return _Answer(response.status_code, headers, raw, is_plain=False)
        finally:
            await response.aclose()


def _passed_back(answer: _Answer, *, also: tuple[str, ...] = ()) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers = [
        *(
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers
            if name not in HOP_BY_HOP or name in also
        ),
        *((name, value) for name, value in response.raw_headers if name == b"content-length"),
    ]
    return response


def _decoded(headers: Headers, body: bytes) -> bytes:
    """A request's body without its content encoding, as httpx decodes answers."""
    encoding = [("content-encoding", value) for name, value in headers if name == "content-encoding"]
    try:
        return httpx.Response(200, headers=encoding, content=body).content
    except httpx.DecodingError:
        return body


def _complaint(status: int, message: str) -> Response:
    return JSONResponse({"errors": [{"code": status, "message": message}]}, status)
