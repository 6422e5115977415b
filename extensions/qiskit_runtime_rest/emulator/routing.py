"""From an HTTP request to the operation that handles it, and back to an HTTP response."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

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
from .state.storage import NotStored
from .state.versions import OLDEST, ApiVersion, check_served, deprecation_headers, find_version, in_version

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .contract import Operation
    from .service import Service
    from .state.identity import User
    from .state.instances import Instance

__all__ = ["BASE_PATH", "Handler", "Route", "ServiceRequest", "ServiceResponse", "mount"]

BASE_PATH = "/api"
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


def mount(service: Service, routes: Iterable[Route]) -> list[StarletteRoute]:
    """Starlette's routes for a table: one for each path, so that a 405 lists all its methods."""
    by_path: defaultdict[str, dict[str, Route]] = defaultdict(dict)
    for route in routes:
        by_path[route.full_path][route.method] = route
    return [StarletteRoute(path, _Endpoint(service, methods)) for path, methods in by_path.items()]


class _Endpoint:
    """An ASGI application for one path."""

    def __init__(self, service: Service, methods: Mapping[str, Route]) -> None:
        self._service = service
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        route = self._methods.get(request.method)
        if route is None:
            headers = {"Allow": ", ".join(sorted(self._methods))}
            response = ServiceResponse(status=405, body=error_body(NO_SUCH_METHOD), headers=headers)
        else:
            response = await _handle(self._service, route, request)
        await _http_response(response)(scope, receive, send)


async def _handle(service: Service, route: Route, http: Request) -> ServiceResponse:
    operation = service.contract.operations.get((route.method, route.path)) if route.contracted else None
    try:
        if operation is None:
            return await route.handler(ServiceRequest(service=service, http=http, path=http.path_params))
        request = await _accept(service, http, route, operation)
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
    body = response.body
    if response.status == 200 and body is not None:
        body = in_version(body, operation=operation, version=version)
    return evolve(response, body=body, headers={**response.headers, **deprecation_headers(version)})


async def _accept(service: Service, http: Request, route: Route, operation: Operation) -> ServiceRequest:
    caller = {} if route.public else _caller(service, http)
    version = find_version(http.headers.getlist("ibm-api-version"))
    check_served(route.name, version=version)
    query: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in http.query_params.multi_items():
        query[name].append(value)
    headers: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in http.headers.items():
        headers[name].append(value)
    service.check.parameters(operation, place="header", given=headers)
    path = {name: [value] for name, value in http.path_params.items()}
    return ServiceRequest(
        service=service,
        http=http,
        version=version,
        path=service.check.parameters(operation, place="path", given=path),
        query=service.check.parameters(operation, place="query", given=query),
        body=await _checked_body(service, operation, await http.body()) if operation.body_pointer else None,
        **caller,
    )


async def _checked_body(service: Service, operation: Operation, raw: bytes) -> Any:
    """Check a body; a large one in a thread, so that others are served meanwhile."""
    if len(raw) <= _MOST_BYTES_CHECKED_AT_ONCE:
        return service.check.body(operation, raw)
    return await asyncio.to_thread(service.check.body, operation, raw)


def _caller(service: Service, http: Request) -> dict[str, Any]:
    """The fields of a `ServiceRequest` that say who sent it."""
    scheme, _, token = http.headers.get("authorization", "").partition(" ")
    if not token:
        raise ServiceError(NOT_AUTHENTICATED, "The Authorization header is missing.")
    if scheme.lower() != "bearer":
        raise ServiceError(INVALID_CREDENTIALS, "Only bearer tokens are accepted, not API keys.")
    user = service.identity.verify(token.strip())
    crn = http.headers.get("service-crn", "")
    if not crn:
        raise ServiceError(NOT_AUTHENTICATED, "The Service-CRN header is missing.")
    instance = service.instances.get(crn)
    if instance is None:
        is_crn = crn.startswith("crn:")
        raise ServiceError(INSTANCE_NOT_FOUND, values={"crn": crn[:200]}) if is_crn else ServiceError(NOT_AUTHORIZED)
    return {"user": user, "instance": instance, "token": token.strip()}


def _http_response(response: ServiceResponse) -> Response:
    headers = dict(response.headers)
    if response.text is not None:
        return Response(response.text, response.status, headers, media_type=response.media_type)
    if response.body is None:
        return Response(None, response.status, headers)
    # Escaped to ASCII: clients may have sent lone surrogates, which UTF-8 cannot carry.
    content = json.dumps(response.body, separators=(",", ":"))
    return Response(content, response.status, headers, media_type="application/json")
