"""Both faces of a client driven by the same test: what one returns, the other returns awaited."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


async def now(outcome: Any) -> Any:
    """What a call came to."""
    return await outcome if inspect.isawaitable(outcome) else outcome


async def every(items: Any) -> list[Any]:
    """All that an iterator of either kind gives."""
    return [item async for item in items] if hasattr(items, "__aiter__") else list(items)


async def first(items: Any) -> Any:
    """The first of what an iterator of either kind gives."""
    return await anext(items) if hasattr(items, "__anext__") else next(items)


@asynccontextmanager
async def inside(context: Any) -> AsyncIterator[Any]:
    """`with` or `async with`, whichever it knows."""
    if hasattr(context, "__aenter__"):
        async with context as entered:
            yield entered
    else:
        with context as entered:
            yield entered
