"""The libraries whose calls are led away, and what is patched in which of their modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType

from . import aiohttp_calls, httpx_calls, requests_calls, urllib_calls, websockets_calls
from .detour import Detour
from .patching import Patch, Patches

__all__ = ["LIBRARIES", "patches_for"]

LIBRARIES: dict[str, Callable[[ModuleType, Detour], Iterable[Patch]]] = {
    "aiohttp.client": aiohttp_calls.session_patches,
    "aiohttp.client_reqrep": aiohttp_calls.request_patches,
    "httpx": httpx_calls.patches,
    "requests.adapters": requests_calls.patches,
    "urllib.request": urllib_calls.patches,
    "websockets.asyncio.client": websockets_calls.patches,
    "websockets.legacy.client": websockets_calls.patches,
    "websockets.sync.client": websockets_calls.patches,
}
"""Module to what is patched in it."""


def patches_for(detour: Detour) -> Patches:
    """The patches that lead all calls to classic hosts to `detour`; not yet put on."""

    def bound(patching: Callable[[ModuleType, Detour], Iterable[Patch]]) -> Callable[[ModuleType], Iterable[Patch]]:
        return lambda module: patching(module, detour)

    return Patches({name: bound(patching) for name, patching in LIBRARIES.items()})
