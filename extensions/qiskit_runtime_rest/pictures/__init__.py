"""Pictures of results, jobs and devices; they need the extra `plot` (matplotlib).

`result.plot()` draws a result. `plot_timeline` draws when a job waited and ran, `plot_device` a map of a device, with
colours for its errors. Each returns a `Picture`, a figure of matplotlib that notebooks show, and `save(path)` writes as
PNG or SVG. The colours can be told apart with any kind of colour vision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra

if TYPE_CHECKING:
    from .device import plot_device
    from .picture import Picture, Theme
    from .results import plot_rows
    from .timeline import plot_timeline

__all__ = ["Picture", "Theme", "plot_device", "plot_rows", "plot_timeline"]

_ELSEWHERE = {
    "Picture": "picture",
    "Theme": "picture",
    "plot_device": "device",
    "plot_rows": "results",
    "plot_timeline": "timeline",
}


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f".{_ELSEWHERE[name]}", __name__)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        raise MissingExtra("a picture", extra="plot", module="matplotlib") from None
    return getattr(module, name)
