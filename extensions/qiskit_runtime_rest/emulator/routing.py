"""From an HTTP request to the operation that handles it, and back to an HTTP response."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from attrs import evolve, field, frozen
from starlette.requests import ClientDisconnect, Request
from starlette.routing import compile_path

from .errors import (
    INSTANCE_NOT_FOUND,
    INTERNAL_ERROR,
    INVALID_CREDENTIALS,
    NO_SUCH_METHOD,
    NOT_AUTHENTICATED,
    NOT_AUTHORIZED,
    NOT_STORED,
    ServiceError,
    error_body,
)
from .json_text import json_text
from .state.storage import NotStored
from .state.versions import (
    OLDEST,
    ApiVersion,
    changes_since,
    check_served,
    deprecation_headers,
    find_version,
    in_version,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .contract import Operation
    from .service import Service
    from .state.identity import User
    from .state.instances import Instance

__all__ = ["BASE_PATH", "JSON", "Handler", "Operations", "Route", "ServiceRequest", "ServiceResponse", "Table"]

BASE_PATH = "/api"
JSON = "application/json"
_REMEMBERED_PATHS = 4096
_MOST_BYTES_CHECKED_AT_ONCE = 64 * 1024
_log = logging.getLogger("qiskit_runtime_rest.emulator.routing")


@frozen(kw_only=True)
class ServiceResponse:
    """A response of the service: a JSON body, a text, or nothing (204)."""

    status: int = 200
    body: Any = None
    text: str | None = None
    media_type: str = "text/plain"
    headers: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class ServiceRequest:
    """An accepted request: its user, instance, checked parameters and body, and the HTTP request itself."""

    service: Service
    http: Request
    version: ApiVersion = OLDEST
    path: Mapping[str, Any] = field(factory=dict)
    query: Mapping[str, Any] = field(factory=dict)
    body: Any = None
    token: str = ""
    _user: User | None = None
    _instance: Instance | None = None

    @property
    def user(self) -> User:
        """The user of the token; only on routes that need a token."""
        assert self._user is not None
        return self._user

    @property
    def instance(self) -> Instance:
        """The instance named by `Service-CRN`; only on routes that need it."""
        assert self._instance is not None
        return self._instance


Handler = Callable[[ServiceRequest], Awaitable[ServiceResponse]]


@frozen
class Route:
    """A row of the route table: method, path and handler.

    The handler's name is the operation's plain name, which fault rules and the record of requests use.
    """

    method: str
    path: str
    handler: Handler
    public: bool = False
    """Whether it needs no token and no instance."""
    contracted: bool = True
    """Whether the contract describes it. If so, `path` is below `BASE_PATH`; if not, requests are not checked."""

    @property
    def name(self) -> str:
        """The operation's plain name."""
        return self.handler.__name__

    @property
    def full_path(self) -> str:
        """The path from the server's root."""
        return f"{BASE_PATH}{self.path}" if self.contracted else self.path


_Methods = Mapping[str, Route]
_Found = tuple[_Methods, Mapping[str, Any]]


class Table:
    """The routes by path: for each path all its methods, so that a 405 lists them."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Paths are those of Starlette: `{name}`, `{name:uuid}`, ..."""
        by_path: defaultdict[str, dict[str, Route]] = defaultdict(dict)
        for route in routes:
            by_path[route.full_path][route.method] = route
        self._fixed = {path: methods for path, methods in by_path.items() if "{" not in path}
        self._patterns = [(compile_path(path), methods) for path, methods in by_path.items() if "{" in path]
        # Several layers ask about the same request, and clients ask for the same paths again and again.
        self.find = lru_cache(_REMEMBERED_PATHS)(self._find)

    def route(self, method: str, path: str) -> Route | None:
        """The route of a request, if there is one."""
        found = self.find(path)
        return found[0].get(method) if found else None

    def _find(self, path: str) -> _Found | None:
        """The routes of a path by method, and what stands in the places of its parameters; `None` without any."""
        if path in self._fixed:
            return self._fixed[path], {}
        for (pattern, _, convertors), methods in self._patterns:
            if match := pattern.match(path):
                return methods, {name: convertors[name].convert(text) for name, text in match.groupdict().items()}
        return None


@frozen
class Operations:
    """The ASGI layer that answers requests to the routes of a table, and passes all others on."""

    app: ASGIApp
    service: Service
    table: Table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        found = self.table.find(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        methods, path = found
        route = methods.get(scope["method"])
        if route is None:
            headers = {"Allow": ", ".join(sorted(methods))}
            response = ServiceResponse(status=405, body=error_body(NO_SUCH_METHOD), headers=headers)
        else:
            response = await _handle(self.service, route, Request(scope, receive), path)
        await _send(response, send)


async def _handle(service: Service, route: Route, http: Request, path: Mapping[str, Any]) -> ServiceResponse:
    operation = service.contract.operations.get((route.method, route.path)) if route.contracted else None
    try:
        if operation is None:
            return await route.handler(ServiceRequest(service=service, http=http, path=path))
        request = await _accept(service, http, route, operation, path)
        service.execution.catch_up()
        return _in_version(await route.handler(request), operation=route.name, version=request.version)
    except ServiceError as error:
        status = error.kind.status
        return ServiceResponse(
            status=status if operation is None or error.kind.seen else operation.documented(status),
            body=error_body(error.kind, message=error.message),
            headers=error.headers,
        )
    except ClientDisconnect:  # nobody reads this answer
        return ServiceResponse(status=400)
    except NotStored as error:
        _log.warning("%s", error)
        return ServiceResponse(status=500, body=error_body(NOT_STORED, message=f"{NOT_STORED.message} {error}"))
    except Exception:
        _log.exception("The emulated service failed in %s: this is a defect of the emulator.", route.name)
        return ServiceResponse(status=500, body=error_body(INTERNAL_ERROR))


def _in_version(response: ServiceResponse, *, operation: str, version: ApiVersion) -> ServiceResponse:
    """The response as it was in an older version, with the headers that announce the end of that version."""
    if response.status == 200 and changes_since(version, operation):
        body = json.loads(response.text) if response.text is not None else response.body
        response = evolve(response, text=None, body=in_version(body, operation=operation, version=version))
    if deprecated := deprecation_headers(version):
        response = evolve(response, headers={**response.headers, **deprecated})
    return response


async def _accept(
    service: Service, http: Request, route: Route, operation: Operation, path: Mapping[str, Any]
) -> ServiceRequest:
    headers: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in http.scope["headers"]:
        headers[name.decode("latin-1")].append(value.decode("latin-1"))
    caller = {} if route.public else _caller(service, headers)
    version = find_version(headers.get("ibm-api-version", ()))
    check_served(route.name, version=version)
    query = http.scope["query_string"]
    return ServiceRequest(
        service=service,
        http=http,
        version=version,
        path=service.check.parameters(operation, place="path", given={name: [text] for name, text in path.items()}),
        query=service.check.parameters(
            operation, place="query", given=parse_qs(query.decode("latin-1"), keep_blank_values=True) if query else {}
        ),
        body=await _checked_body(service, operation, await http.body()) if operation.body_pointer else None,
        **caller,
    )


async def _checked_body(service: Service, operation: Operation, raw: bytes) -> Any:
    """Check a body; a large one in a thread, so that others are served meanwhile."""
    if len(raw) <= _MOST_BYTES_CHECKED_AT_ONCE:
        return service.check.body(operation, raw)
    return await asyncio.to_thread(service.check.body, operation, raw)


def _caller(service: Service, headers: Mapping[str, list[str]]) -> dict[str, Any]:
    """The fields of a `ServiceRequest` that say who sent it."""
    scheme, _, token = headers.get("authorization", [""])[0].partition(" ")
    if not token:
        raise ServiceError(NOT_AUTHENTICATED, "The Authorization header is missing.")
    if scheme.lower() != "bearer":
        raise ServiceError(INVALID_CREDENTIALS, "Only bearer tokens are accepted, not API keys.")
    user = service.identity.verify(token.strip())
    crn = headers.get("service-crn", [""])[0]
    if not crn:
        raise ServiceError(NOT_AUTHENTICATED, "The Service-CRN header is missing.")
    instance = service.instances.get(crn)
    if instance is None:
        is_crn = crn.startswith("crn:")
        raise ServiceError(INSTANCE_NOT_FOUND, values={"crn": crn[:200]}) if is_crn else ServiceError(NOT_AUTHORIZED)
    return {"user": user, "instance": instance, "token": token.strip()}


async def _send(response: ServiceResponse, send: Send) -> None:
    """Send a response; one without a body has a length of 0, or with 204 none at all."""
    headers = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in response.headers.items()]
    content = b""
    if response.text is not None:
        media_type = response.media_type
        content = response.text.encode()
        headers.append(
            (
                b"content-type",
                (f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type).encode(),
            )
        )
    elif response.body is not None:
        content = json_text(response.body).encode()
        headers.append((b"content-type", JSON.encode()))
    if response.status != 204:
        headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
