"""`urllib`: the handlers that connect, below cookies, proxies and the handling of errors."""

from __future__ import annotations

import copy
import http.client
import io
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from .detour import GONE, Detour, removed
from .patching import Patch

__all__ = ["patches"]

Open = Callable[..., Any]


def patches(request: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patch of `urllib.request`."""

    def make(original: Open) -> Open:
        def do_open(self: Any, http_class: Any, req: Any, **choices: Any) -> Any:
            host = detour.host(req.full_url)
            if host is None:
                return original(self, http_class, req, **choices)
            response = original(self, http.client.HTTPConnection, led(req, host))
            if response.status == GONE and (error := _removed(response)):
                raise error
            return response

        return do_open

    def led(req: Any, host: str) -> Any:
        changed = copy.copy(req)
        # A proxy was put in its place already, where there is one.
        changed.host, changed.type, changed._tunnel_host = detour.authority, "http", None
        parts = urlsplit(req.full_url)
        changed.selector = parts._replace(scheme="", netloc="", path=parts.path or "/", fragment="").geturl()
        changed.headers = {name: value for name, value in req.headers.items() if name != "Proxy-authorization"}
        changed.unredirected_hdrs = dict(req.unredirected_hdrs)
        for name, value in detour.headers(host).items():
            changed.headers.pop(name.capitalize(), None)
            changed.unredirected_hdrs[name.capitalize()] = value
        return changed

    yield Patch(request.AbstractHTTPHandler, "do_open", make)


def _removed(response: http.client.HTTPResponse) -> Exception | None:
    body = response.read()
    # To be read again.
    response.fp, response.length, response.chunked = io.BufferedReader(io.BytesIO(body)), len(body), False
    return removed(body)
