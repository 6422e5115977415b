"""Recording: a server on loopback that passes everything on to the real services, and keeps what passed.

Everything is held in memory as it came; what is written is sanitised, and is written once, at the end.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from attrs import frozen
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...connection.http import client_options, proxy_patterns
from ...crn import Crn
from ...errors import RuntimeRestError
from .cleaning import cleaned
from .exchange import Exchange, Headers
from .fakes import Fakes
from .har import dumps
from .headers import HOP_BY_HOP
from .judgement import Judgement, judged
from .loopback import Loopback
from .sanitise import Sanitiser
from .serve import served
from .services import IAM, RUNTIME, SERVICES, Service, environment, locate

if TYPE_CHECKING:
    from ...settings import Settings

__all__ = ["SALT_VARIABLE", "Recorder", "Recording", "Unsanitised", "record"]

SALT_VARIABLE = "QRR_CASSETTE_SALT"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
UNDERSTOOD = "gzip, deflate"
TIMEOUT = httpx.Timeout(connect=10.0, read=300.0, write=300.0, pool=None)
TWICE = 2
"""What is met late is looked for in what came before."""


class Unsanitised(RuntimeRestError):
    """A secret was still in what was about to be written; nothing was written."""


@frozen(kw_only=True)
class Recording:
    """What was written."""

    path: Path
    exchanges: int
    judgement: Judgement
    remarks: tuple[str, ...]


class Recorder:
    """Passes requests on, and keeps them with their answers."""

    def __init__(
        self,
        settings: Settings,
        *,
        environ: Mapping[str, str] | None = None,
        hide: Iterable[str] = (),
        salt: str | None = None,
    ) -> None:
        """Prepare.

        Args:
            settings: where the service is; its credentials are used for nothing but to keep them out.
            environ: where the other services are, if not where they always are; by default the process's environment.
            hide: further texts that are secret.
            salt: cassettes recorded with the same one replace the same secret by the same text; by default that of
                the variable `QRR_CASSETTE_SALT`, else a random one.
        """
        environ = os.environ if environ is None else environ
        self._settings = settings
        self._addresses = _addresses(settings, environ)
        self._hidden = [*_own(settings), *hide]
        self._salt = (salt or environ.get(SALT_VARIABLE) or secrets.token_hex()).encode()
        self._numbers = itertools.count()
        self._kept: dict[int, Exchange] = {}
        self._private: set[str] = set()
        self._remarks: dict[str, None] = {}
        self._http: httpx.AsyncClient | None = None

    @property
    def app(self) -> Starlette:
        """The ASGI application."""

        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            verify = client_options(self._settings, None)["verify"]
            mounts = {
                pattern: httpx.AsyncHTTPTransport(proxy=url, verify=verify)
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
            response = await self._passed_on(service, request.method, path, query, asked, sent)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._remarks[f"{request.method} {service.published} was not answered: {type(error).__name__}."] = None
            return _complaint(502, f"{service.published} did not answer ({type(error).__name__}): not recorded.")
        answered = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        self._keep(
            number,
            Exchange(
                service=service,
                method=request.method,
                path=path,
                query=query,
                asked=asked,
                sent=_decoded(asked, sent),
                status=response.status_code,
                answered=answered,
                body=response.content,
                began=began.isoformat(timespec="milliseconds"),
                milliseconds=round(1000 * (time.monotonic() - clock)),
            ),
        )
        passed = Response(response.content, response.status_code)
        passed.raw_headers = [
            *((name.encode("latin-1"), value.encode("latin-1")) for name, value in answered if name not in HOP_BY_HOP),
            *((name, value) for name, value in passed.raw_headers if name == b"content-length"),
        ]
        return passed

    async def _passed_on(
        self, service: Service, method: str, path: str, query: str, asked: Headers, sent: bytes
    ) -> httpx.Response:
        assert self._http is not None
        base = httpx.URL(self._addresses[service])
        below = base.raw_path.decode("ascii").rstrip("/")
        headers = [(name, value) for name, value in asked if name not in HOP_BY_HOP or name == "content-encoding"]
        request = self._http.build_request(
            method,
            base.copy_with(raw_path=f"{below}{path}{f'?{query}' if query else ''}".encode("ascii")),
            headers=[*(pair for pair in headers if pair[0] != "accept-encoding"), ("accept-encoding", UNDERSTOOD)],
            content=sent or None,
        )
        return await self._http.send(request, follow_redirects=False)

    def _keep(self, number: int, one: Exchange) -> None:
        self._kept[number] = one
        submits = one.service is RUNTIME and one.method == "POST" and one.path == "/v1/jobs"
        if submits and _member(one.sent, "private") is True:
            self._private.add(str(_member(one.body, "id")))
        if one.is_result and one.path.split("/")[-2] in self._private:
            self._remarks[
                f"the result of the private job {one.path.split('/')[-2]} was read, which can be done once: it is in "
                "the cassette, for everybody who reads that."
            ] = None

    def save(self, path: Path | str) -> Recording:
        """Write what passed until now, sanitised.

        Raises:
            Unsanitised: a secret would be left; nothing is written.
            RuntimeRestError: the file cannot be written.
        """
        exchanges, document = self.sanitised()
        path = Path(path)
        try:
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
                file.write(document)
            Path(file.name).replace(path)
        except OSError as error:
            raise RuntimeRestError(f"{path} cannot be written: {error.strerror}.") from None
        return Recording(path=path, exchanges=len(exchanges), judgement=judged(exchanges), remarks=tuple(self._remarks))

    def sanitised(self) -> tuple[list[Exchange], str]:
        """What passed until now without secrets, and the text of its cassette. Raises: Unsanitised."""
        moved = {
            address: service.published
            for service, address in reversed(self._addresses.items())
            if address != service.published
        }
        sanitiser = Sanitiser(Fakes(self._salt), known=self._hidden, moved=moved)
        kept = [self._kept[number] for number in sorted(self._kept)]
        exchanges: list[Exchange] = []
        for _ in range(TWICE):
            exchanges = [cleaned(one, sanitiser) for one in kept]
        document = dumps(exchanges)
        if sanitiser.leaks(document):
            raise Unsanitised(
                "the recording was not written: a secret is in it in a form that could not be replaced. Please report "
                "it, with the kind of client that was recorded."
            )
        return exchanges, document


@contextlib.contextmanager
def record(path: Path | str, settings: Settings, *, port: int = 0, **choices: Any) -> Iterator[Loopback]:
    """Record what is asked at an address of this machine until the end of the block, then write the cassette.

    Args:
        path: the cassette; overwritten.
        settings: where the service is.
        port: of the address; 0: a free one.
        choices: as for `Recorder`.

    Raises:
        OSError: the address cannot be listened on.
        Unsanitised: nothing was written.
    """
    recorder = Recorder(settings, **choices)
    with served(recorder.app, port=port, name="qiskit-runtime-recorder") as url:
        yield Loopback(url=url, api_key=settings.api_key, instance=settings.instance)
    recorder.save(path)


def _addresses(settings: Settings, environ: Mapping[str, str]) -> dict[Service, str]:
    given = {RUNTIME: settings.base_url, IAM: settings.iam_url}
    return {
        service: (given.get(service) or environ.get(service.variable) or service.published).rstrip("/")
        for service in SERVICES
    }


def _own(settings: Settings) -> list[str]:
    own = [secret for secret in (settings.api_key, settings.token) if secret]
    if settings.instance is not None:
        crn = Crn.parse(settings.instance)
        own += [crn.account, crn.instance_id]
    return own


def _decoded(headers: Headers, body: bytes) -> bytes:
    """A request's body without its content encoding, as httpx decodes answers."""
    encoding = [("content-encoding", value) for name, value in headers if name == "content-encoding"]
    try:
        return httpx.Response(200, headers=encoding, content=body).content
    except httpx.DecodingError:
        return body


def _member(body: bytes, name: str) -> object:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value.get(name) if isinstance(value, dict) else None


def _complaint(status: int, message: str) -> Response:
    return JSONResponse({"errors": [{"code": status, "message": message}]}, status)
