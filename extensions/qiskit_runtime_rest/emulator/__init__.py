"""The embedded service: the Qiskit Runtime REST API on this machine, offline, with simulated devices."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..base.database_format import UnusableState
    from .app import create_app
    from .embedded import Emulator
    from .options import Options
    from .server import serve

__all__ = ["Emulator", "Options", "UnusableState", "create_app", "serve"]

# Loaded on first use: worker processes import this package without the web server.
_HOMES = {
    "Emulator": ".embedded",
    "Options": ".options",
    "UnusableState": "..base.database_format",
    "create_app": ".app",
    "serve": ".server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
