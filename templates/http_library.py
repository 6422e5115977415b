"""The HTTP library, which nothing else here names: httpx2 where it is installed, and httpx elsewhere.

Both have the same names. Type checkers know those of httpx.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpcore as httpcore
    import httpx as httpx
else:
    _SUFFIX = "2" if find_spec("httpx2") else ""
    httpx = import_module(f"httpx{_SUFFIX}")

    def __getattr__(name):
        if name != "httpcore":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = import_module(f"httpcore{_SUFFIX}")
        return globals()[name]


__all__ = ("httpcore", "httpx")
