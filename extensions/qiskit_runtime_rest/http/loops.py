"""What belongs to one event loop, of asyncio or of trio, and goes with it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anyio.lowlevel import RunVar

__all__ = ["kept_in_loop"]


def kept_in_loop() -> dict[Any, Any]:
    """What is kept for the event loop that runs now; the same dictionary as long as it runs."""
    kept = _kept().get(None)
    if kept is None:
        kept = {}
        _kept().set(kept)
    return kept


@functools.cache
def _kept() -> RunVar[dict[Any, Any]]:
    from anyio.lowlevel import RunVar

    return RunVar("qiskit_runtime_rest")
