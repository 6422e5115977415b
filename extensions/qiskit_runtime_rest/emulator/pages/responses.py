"""Answers of the pages."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from attrs import frozen
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

if TYPE_CHECKING:
    from ..app import Parts

__all__ = ["Pages"]

_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@cache
def _document(name: str) -> str:
    return resources.files(__package__).joinpath("static", name).read_text("utf-8")


@frozen
class Pages:
    """Handlers that show one running server."""

    parts: Parts

    async def overview_page(self, request: Request) -> Response:
        """`GET /`."""
        del request
        return HTMLResponse(_document("overview.html"), headers=_HEADERS)

    async def overview(self, request: Request) -> Response:
        """`GET /_emulator/overview`: all that the page shows."""
        del request
        service = self.parts.service
        return JSONResponse({"jobs": sum(1 for _ in service.jobs.accounted())})
