"""The page `/openapi/`: the reference of the classic API, where calls can be tried out, as on the classic host."""

from __future__ import annotations

from importlib import resources

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ..messages import JSON
from ..table import document_text

__all__ = ["routes"]

PREFIX = "/openapi"
# Swagger UI uses inline styles, and icons in data URLs.
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[BaseRoute]:
    """The page, the document, and the files of the page, all from this server."""
    return [
        Route(f"{PREFIX}/", _page),
        Route(f"{PREFIX}/openapi.json", _document),
        Mount(f"{PREFIX}/static", StaticFiles(packages=[(__package__, "static")])),
        Mount(f"{PREFIX}/swagger-ui", StaticFiles(packages=[("swagger_ui", "static")])),
    ]


async def _page(request: Request) -> Response:
    del request
    page = resources.files(__package__).joinpath("static", "documentation.html").read_text("utf-8")
    return HTMLResponse(page, headers=HEADERS)


async def _document(request: Request) -> Response:
    del request
    return Response(document_text(), media_type=JSON)
