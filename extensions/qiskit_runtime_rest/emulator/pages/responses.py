"""Answers of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from .overview import overview

if TYPE_CHECKING:
    from ..app import Parts

__all__ = ["Pages"]

_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; "
)
# Our own page never turns text into markup, and the browser sees to it.
_OVERVIEW_POLICY = _POLICY + "style-src 'self'; img-src 'self'; require-trusted-types-for 'script'"
# Swagger UI writes styles into its markup, and carries its icons in data URLs.
_REFERENCE_POLICY = _POLICY + "style-src 'self' 'unsafe-inline'; img-src 'self' data:"


@frozen
class Pages:
    """Handlers that show one running server."""

    parts: Parts
    operations: Sequence[str] = field(kw_only=True)
    documented: bool = field(kw_only=True)
    """Whether the package that carries Swagger UI is installed."""

    async def overview_page(self, request: Request) -> Response:
        """`GET /`: what the service is doing."""
        del request
        return _page("overview.html", policy=_OVERVIEW_POLICY)

    async def reference_page(self, request: Request) -> Response:
        """`GET /openapi/`: the operations of the contract, to read and to try out."""
        del request
        name = "reference.html" if self.documented else "reference-missing.html"
        return _page(name, policy=_REFERENCE_POLICY, status=200 if self.documented else 501)

    async def overview(self, request: Request) -> Response:
        """`GET /_emulator/overview`: all that the page at `/` shows; see `overview`."""
        url = str(request.base_url).rstrip("/")
        body = overview(self.parts, url=url, operations=self.operations)
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def request_details(self, request: Request) -> Response:
        """`GET /_emulator/overview/requests/{number}`: one recorded request with its headers and body."""
        number = request.path_params["number"]
        found = next((one for one in self.parts.recorder.all() if one.number == number), None)
        if found is None:
            return JSONResponse({"error": f"Request {number} is not in the record any more."}, 404)
        return JSONResponse(found.as_json())


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
