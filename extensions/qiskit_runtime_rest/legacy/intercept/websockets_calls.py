"""`websockets`: the arguments of its ways to connect, whichever of them the installed version has."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from .detour import Detour
from .patching import Patch

__all__ = ["patches"]

Connect = Callable[..., Any]

HEADERS = ("additional_headers", "extra_headers")
"""The argument with the headers, since version 14 and before."""

ELSEWHERE = ("address", "host", "port", "server_hostname")
TLS_OR_PROXY = ("ssl", "proxy")
"""Arguments for another way to the host than the detour: by these names, and by how their names begin."""


def patches(client: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patches of one of the modules `client`: a class in place, a function by all names that it has been given."""
    connect = getattr(client, "reconnect", client.connect)
    if inspect.isclass(connect):
        yield Patch(connect, "__init__", lambda original: _initialised(original, detour))
        return
    for module in list(sys.modules.values()):
        for name in [name for name, value in dict(getattr(module, "__dict__", {})).items() if value is connect]:
            yield Patch(module, name, lambda original: _called(original, detour))


def _initialised(original: Connect, detour: Detour) -> Connect:
    def init(self: Any, uri: Any, *args: Any, **given: Any) -> None:
        uri, given = _led(uri, given, original, detour)
        original(self, uri, *args, **given)

    return init


def _called(original: Connect, detour: Detour) -> Connect:
    def connect(uri: Any, *args: Any, **given: Any) -> Any:
        uri, given = _led(uri, given, original, detour)
        return original(uri, *args, **given)

    return connect


def _led(uri: str, given: dict[str, Any], original: Connect, detour: Detour) -> tuple[str, dict[str, Any]]:
    """The arguments that `original` gets in place of these."""
    host = detour.host(uri)
    if host is None:
        return uri, given
    from websockets.datastructures import Headers

    headers = Headers()
    for name in HEADERS:
        headers.update(given.get(name) or {})
    told = detour.headers(host)
    # The library writes the header Host itself, for the URI it is given.
    headers.update({name: value for name, value in told.items() if name != "Host"})

    left_out = (*HEADERS, *ELSEWHERE)
    kept = {name: value for name, value in given.items() if not (name in left_out or name.startswith(TLS_OR_PROXY))}
    accepted = inspect.signature(original).parameters
    kept[next(name for name in HEADERS if name in accepted)] = headers
    if "proxy" in accepted:
        kept["proxy"] = None
    return detour.url(uri), kept
