"""From an HTTP request to a handler and back: what each part of the service builds its routes with."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from .errors import (
    INTERNAL_ERROR,
    INVALID_CREDENTIALS,
    NO_SUCH_METHOD,
    NOT_AUTHENTICATED,
    NOT_AUTHORIZED,
    ServiceError,
    error_body,
)
from .versions.models import OLDEST, ApiVersion, adapted, check_served, find_version

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .contract import Operation
    from .identity.models import User
    from .instances.models import Instance
    from .service import Service

__all__ = ["BASE_PATH", "Answer", "Call", "Handler", "Route", "mount"]

BASE_PATH = "/api"
_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Answer:
    """What a handler answers: a JSON body, a text, or nothing (204)."""

    status: int = 200
    body: Any = None
    text: str | None = None
    media_type: str = "text/plain"
    headers: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class Call:
    """A request that was let in: who asks, for which instance, with which checked parameters."""

    service: Service
    request: Request
    version: ApiVersion = OLDEST
    path: Mapping[str, Any] = field(factory=dict)
    query: Mapping[str, Any] = field(factory=dict)
    body: Any = None
    token: str = ""
    _user: User | None = None
    _instance: Instance | None = None

    @property
    def user(self) -> User:
        """Whose token it is; only on routes that need one."""
        assert self._user is not None
        return self._user

    @property
    def instance(self) -> Instance:
        """The instance that `Service-CRN` names; only on routes that need it."""
        assert self._instance is not None
        return self._instance


Handler = Callable[[Call], Awaitable[Answer]]


@frozen
class Route:
    """One line of a routes table. `path` is below the API's base for operations of the contract.

    The handler's name is the operation's plain name, used for faults and the log of requests.
    """

    method: str
    path: str
    handler: Handler
    public: bool = False
    """Whether the operation needs neither a token nor an instance."""
    contracted: bool = True
    """Whether the contract describes it; if not, the path is taken from the root and nothing is checked."""

    @property
    def name(self) -> str:
        """The operation's plain name."""
        return self.handler.__name__

    @property
    def full_path(self) -> str:
        """The path from the server's root."""
        return f"{BASE_PATH}{self.path}" if self.contracted else self.path


def mount(service: Service, routes: Iterable[Route]) -> list[StarletteRoute]:
    """Make Starlette's routes of the tables: one for each path, so that 405 can name all its methods."""
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
            answer = Answer(status=405, body=error_body(NO_SUCH_METHOD), headers=headers)
        else:
            answer = await _answer(self._service, route, request)
        await _response(answer)(scope, receive, send)


async def _answer(service: Service, route: Route, request: Request) -> Answer:
    operation = service.contract.operations.get((route.method, route.path)) if route.contracted else None
    try:
        call = Call(service=service, request=request, path=request.path_params)
        if operation is None:
            return await route.handler(call)
        call = await _admit(call, route, operation)
        service.execution.catch_up()
        return adapted(await route.handler(call), operation=route.name, version=call.version)
    except ServiceError as error:
        numeric = operation is not None and operation.numeric_error_codes
        status = error.kind.status
        return Answer(
            status=operation.documented(status) if operation is not None else status,
            body=error_body(error.kind, message=error.message, numeric=numeric),
            headers=error.headers,
        )
    except Exception:
        _log.exception("The emulated service failed in %s: this is a defect of the emulator.", route.name)
        numeric = operation is not None and operation.numeric_error_codes
        return Answer(status=500, body=error_body(INTERNAL_ERROR, numeric=numeric))


async def _admit(call: Call, route: Route, operation: Operation) -> Call:
    service, request = call.service, call.request
    if not route.public:
        call = _authenticated(call)
    version = find_version(request.headers.getlist("ibm-api-version"))
    check_served(route.name, version=version)
    query: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in request.query_params.multi_items():
        query[name].append(value)
    headers = {name: request.headers.getlist(name) for name in request.headers}
    service.check.parameters(operation, place="header", given=headers)
    path = {name: [value] for name, value in call.path.items()}
    return evolve(
        call,
        version=version,
        path=service.check.parameters(operation, place="path", given=path),
        query=service.check.parameters(operation, place="query", given=query),
        body=service.check.body(operation, await request.body()) if operation.body_pointer else None,
    )


def _authenticated(call: Call) -> Call:
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    if not token:
        raise ServiceError(NOT_AUTHENTICATED, "The Authorization header is missing.")
    if scheme.lower() != "bearer":
        raise ServiceError(INVALID_CREDENTIALS, "Only bearer tokens are accepted, not API keys.")
    user = call.service.identity.verify(token.strip())
    crn = call.request.headers.get("service-crn", "")
    if not crn:
        raise ServiceError(NOT_AUTHENTICATED, "The Service-CRN header is missing.")
    instance = call.service.instances.get(crn)
    if instance is None:
        raise ServiceError(NOT_AUTHORIZED, "Service-CRN names no instance of this account.")
    return evolve(call, user=user, instance=instance, token=token.strip())


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.text is not None:
        return Response(answer.text, answer.status, headers, media_type=answer.media_type)
    if answer.body is None:
        return Response(None, answer.status, headers)
    # Escaped to ASCII: clients may have sent lone surrogates, which UTF-8 cannot carry.
    content = json.dumps(answer.body, separators=(",", ":"))
    return Response(content, answer.status, headers, media_type="application/json")
