"""`requests`: the adapters that send, so that sessions keep their retries, cookies and hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from .detour import GONE, Detour, removed
from .patching import Patch

__all__ = ["patches"]

Send = Callable[..., Any]


def patches(adapters: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patch of `requests.adapters`."""

    def make(original: Send) -> Send:
        def send(self: Any, request: Any, stream: bool = False, timeout: Any = None, **kwargs: Any) -> Any:
            host = detour.host(request.url)
            if host is None:
                return original(self, request, stream, timeout, **kwargs)
            led = request.copy()
            led.url = detour.url(request.url)
            led.headers.update(detour.headers(host))
            try:
                response = original(self, led, stream=stream, timeout=timeout)
            except OSError as failed:  # all of `requests`' own are
                failed.request = request  # type: ignore[attr-defined]
                raise
            response.url, response.request = request.url, request
            if response.status_code == GONE and (error := removed(response.content)):
                raise error
            return response

        return send

    yield Patch(adapters.HTTPAdapter, "send", make)
