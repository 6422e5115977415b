"""Routes of the pages."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .responses import Pages

if TYPE_CHECKING:
    from ..app import Parts
    from ..routing import Route as ServiceRoute

__all__ = ["page_routes"]

_PREFIX = "/_emulator"
_SWAGGER_UI = "swagger_ui"


def page_routes(parts: Parts, operations: Iterable[ServiceRoute]) -> list[BaseRoute]:
    """Make the routes; they belong to one running server, whose state they show.

    `operations` are those that a fault can be switched on for.
    """
    documented = find_spec(_SWAGGER_UI) is not None
    pages = Pages(parts, operations=[route.name for route in operations], documented=documented)
    routes: list[BaseRoute] = [
        Route("/", pages.overview_page),
        Route("/openapi/", pages.reference_page),
        Route(f"{_PREFIX}/overview", pages.overview),
        Route(f"{_PREFIX}/overview/requests/{{number:int}}", pages.request_details),
        Mount(f"{_PREFIX}/pages", StaticFiles(packages=[(__package__, "static")])),
    ]
    if documented:
        routes.append(Mount(f"{_PREFIX}/swagger-ui", StaticFiles(packages=[(_SWAGGER_UI, "static")])))
    return routes
