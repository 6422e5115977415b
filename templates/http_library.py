"""The HTTP library, which nothing else here names: httpx2 where it is installed, and httpx elsewhere.

Both have the same names. Type checkers know those of httpx.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpcore as httpcore
    import httpx as httpx
else:
    try:
        httpx = import_module("httpx2")
        httpx.Client  # a folder of this name is a module, too
    except (ModuleNotFoundError, AttributeError):
        httpx = import_module("httpx")

    def __getattr__(name):
        if name != "httpcore":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = import_module(httpx.__name__.replace("httpx", name))
        return globals()[name]


__all__ = ("httpcore", "httpx")
