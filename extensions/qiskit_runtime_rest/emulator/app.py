"""The ASGI application: the service's routes, and the layers around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import frozen
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .accounts.routes import ROUTES as ACCOUNTS
from .analytics.routes import ROUTES as ANALYTICS
from .backends.routes import ROUTES as BACKENDS
from .body_limit import BodyLimitLayer
from .connections import Connections
from .control.responses import Control
from .control.routes import control_routes
from .discovery.routes import ROUTES as DISCOVERY
from .errors import NOT_FOUND, error_body
from .faults.layer import FaultLayer
from .faults.models import FaultRules
from .identity.routes import ROUTES as IDENTITY
from .instances.routes import ROUTES as INSTANCES
from .jobs.routes import ROUTES as JOBS
from .operations import OperationNames
from .options import Options
from .pages.routes import page_routes
from .publication.routes import ROUTES as PUBLICATION
from .recorder import Recorder, RecordingLayer
from .routing import BASE_PATH, mount
from .service import Service
from .sessions.routes import ROUTES as SESSIONS
from .tags.routes import ROUTES as TAGS
from .versions.routes import ROUTES as VERSIONS
from .workloads.routes import ROUTES as WORKLOADS

__all__ = ["SERVICE_ROUTES", "Parts", "create_app"]

SERVICE_ROUTES = (
    *IDENTITY,
    *VERSIONS,
    *JOBS,
    *TAGS,
    *SESSIONS,
    *WORKLOADS,
    *BACKENDS,
    *INSTANCES,
    *ACCOUNTS,
    *ANALYTICS,
    *DISCOVERY,
    *PUBLICATION,
)


@frozen(kw_only=True)
class Parts:
    """What an application is made of, for whoever runs it."""

    service: Service
    faults: FaultRules
    recorder: Recorder
    connections: Connections

    def reset(self) -> None:
        """Everything as at the start."""
        self.faults.clear()
        self.recorder.clear()
        self.service.reset()


def create_app(options: Options | None = None, **choices: Any) -> Starlette:
    """Make the embedded service as an ASGI application; `choices` are the fields of `Options`.

    `app.state.parts` are its `Parts`. Where nobody runs the application's lifespan, call
    `app.state.parts.service.close()` at the end.
    """
    service = Service(options or Options(**choices))
    names = OperationNames(SERVICE_ROUTES, contract=service.contract)
    parts = Parts(
        service=service,
        faults=FaultRules(names.known),
        recorder=Recorder(clock=service.clock, limit=service.options.recorded_requests),
        connections=Connections(),
    )
    control = Control(parts.faults, parts.recorder, parts.reset)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = Starlette(
        routes=[
            *mount(service, SERVICE_ROUTES),
            *mount(service, control_routes(control)),
            *page_routes(parts, SERVICE_ROUTES),
        ],
        middleware=[
            Middleware(RecordingLayer, parts.recorder, names.plain, BASE_PATH),
            Middleware(BodyLimitLayer, service.options.max_body_bytes),
            Middleware(FaultLayer, parts.faults, names.all, parts.connections, fired=parts.recorder.fault_fired),
        ],
        exception_handlers={HTTPException: _not_found},
        lifespan=lifespan,
    )
    app.state.parts = parts
    return app


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"There is nothing at {request.url.path[:200]}."
    return JSONResponse(error_body(NOT_FOUND, message=message), error.status_code, error.headers)
