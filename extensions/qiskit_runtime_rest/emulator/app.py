"""The ASGI application: the service's routes, the control plane, the pages, and the layers around them."""

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

from .api import ROUTES, OperationNames
from .connections import Connections
from .control import Control, control_routes
from .errors import NOT_FOUND, error_body
from .faults import FaultRules
from .layers import BodyLimitLayer, FaultLayer, RecordingLayer
from .options import Options
from .pages.routes import Pages, page_routes
from .recorder import Recorder
from .routing import BASE_PATH, Operations, Table
from .service import Service

__all__ = ["Parts", "create_app"]


@frozen(kw_only=True)
class Parts:
    """The parts of one application."""

    service: Service
    faults: FaultRules
    recorder: Recorder
    connections: Connections

    def reset(self) -> None:
        """Go back to the start: no jobs, sessions, faults or recorded requests."""
        self.faults.clear()
        self.recorder.clear()
        self.service.reset()


def create_app(options: Options | None = None, **choices: Any) -> Starlette:
    """The embedded service as an ASGI application; `choices` are the fields of `Options`.

    `app.state.parts` holds its `Parts`. If no server runs the application's lifespan, call
    `app.state.parts.service.close()` at the end.
    """
    service = Service(options or Options(**choices))
    table = Table(ROUTES)
    names = OperationNames(service.contract, table)
    parts = Parts(
        service=service,
        faults=FaultRules(names.known),
        recorder=Recorder(clock=service.clock, limit=service.options.recorded_requests),
        connections=Connections(),
    )
    control = Control(parts.faults, parts.recorder, parts.reset)
    pages = Pages(service, parts.faults, parts.recorder, operations=list(dict.fromkeys(route.name for route in ROUTES)))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = Starlette(
        routes=page_routes(pages),
        middleware=[
            Middleware(RecordingLayer, parts.recorder, names.plain, BASE_PATH),
            Middleware(BodyLimitLayer, service.options.max_body_bytes),
            Middleware(FaultLayer, parts.faults, names.all, parts.connections, fired=parts.recorder.fault_fired),
            Middleware(Operations, service, table),
            Middleware(Operations, service, Table(control_routes(control))),
        ],
        exception_handlers={HTTPException: _not_found},
        lifespan=lifespan,
    )
    app.state.parts = parts
    return app


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"There is nothing at {request.scope['path'][:200]}."
    return JSONResponse(error_body(NOT_FOUND, message=message), error.status_code, error.headers)
