"""Routes of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .responses import Pages

if TYPE_CHECKING:
    from ..app import Parts

__all__ = ["page_routes"]


def page_routes(parts: Parts) -> tuple[BaseRoute, ...]:
    """Make the routes; they belong to one running server, whose state they show."""
    pages = Pages(parts)
    return (
        Route("/", pages.overview_page),
        Route("/_emulator/overview", pages.overview),
        Mount("/_emulator/pages", StaticFiles(packages=[("qiskit_runtime_rest.emulator.pages", "static")])),
    )
