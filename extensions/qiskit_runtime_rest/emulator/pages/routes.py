"""The pages, and their routes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import TYPE_CHECKING

from attrs import field, frozen
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .job_details import job_details
from .overview import overview, request_details

if TYPE_CHECKING:
    from ..faults import FaultRules
    from ..recorder import Recorder
    from ..service import Service

__all__ = ["Pages", "page_routes"]

_PREFIX = "/_emulator"
_SWAGGER_UI = "swagger_ui"
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; "
)
# Our own page never turns text into markup, and the browser enforces it.
_OVERVIEW_POLICY = _POLICY + "style-src 'self'; img-src 'self'; require-trusted-types-for 'script'"
# Swagger UI writes styles into its markup and has its icons in data URLs.
_REFERENCE_POLICY = _POLICY + "style-src 'self' 'unsafe-inline'; img-src 'self' data:"


@frozen
class Pages:
    """The pages of one running server. `operations`: the names that a fault can be switched on for."""

    service: Service
    faults: FaultRules
    recorder: Recorder
    operations: Sequence[str] = field(kw_only=True)
    documented: bool = field(factory=lambda: find_spec(_SWAGGER_UI) is not None, kw_only=True)
    """Whether the package with Swagger UI is installed."""

    async def overview_page(self, request: Request) -> Response:
        """`GET /`: the state of the service."""
        del request
        return _page("overview.html", policy=_OVERVIEW_POLICY)

    async def reference_page(self, request: Request) -> Response:
        """`GET /openapi/`: the operations of the contract, to read and to try out."""
        del request
        name = "reference.html" if self.documented else "reference-missing.html"
        return _page(name, policy=_REFERENCE_POLICY, status=200 if self.documented else 501)

    async def overview(self, request: Request) -> Response:
        """`GET /_emulator/overview`: the data of the page at `/`."""
        url = str(request.base_url).rstrip("/")
        body = overview(self.service, self.faults, self.recorder, url=url, operations=self.operations)
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def request_details(self, request: Request) -> Response:
        """`GET /_emulator/overview/requests/{number}`: one recorded request with its headers and body."""
        number = request.path_params["number"]
        found = next((one for one in self.recorder.all() if one.number == number), None)
        if found is None:
            return JSONResponse({"error": f"Request {number} is no longer recorded."}, 404)
        return JSONResponse(request_details(found, self.service.jobs))

    async def job_details(self, request: Request) -> Response:
        """`GET /_emulator/overview/jobs/{job_id}`: params, circuits, log, and what to draw of the result."""
        job = self.service.jobs.get(request.path_params["job_id"])
        if job is None or job.deleted:
            return JSONResponse({"error": "There is no such job."}, 404)
        body = await run_in_threadpool(job_details, self.service, job)
        return JSONResponse(body, headers={"Cache-Control": "no-store"})


def page_routes(pages: Pages) -> list[BaseRoute]:
    """The routes of the pages and their files."""
    routes: list[BaseRoute] = [
        Route("/", pages.overview_page),
        Route("/openapi/", pages.reference_page),
        Route(f"{_PREFIX}/overview", pages.overview),
        Route(f"{_PREFIX}/overview/requests/{{number:int}}", pages.request_details),
        Route(f"{_PREFIX}/overview/jobs/{{job_id}}", pages.job_details),
        Mount(f"{_PREFIX}/pages", StaticFiles(packages=[(__package__, "static")])),
    ]
    if pages.documented:
        routes.append(Mount(f"{_PREFIX}/swagger-ui", StaticFiles(packages=[(_SWAGGER_UI, "static")])))
    return routes


@cache
def _document(name: str) -> str:
    return resources.files(__package__).joinpath("static", name).read_text("utf-8")


def _page(name: str, *, policy: str, status: int = 200) -> Response:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(_document(name), status, headers)
