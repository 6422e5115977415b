"""One thread for all that Qiskit does: what it keeps from the thread that loads it must not outlive that thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_transpiler_thread"]

T = TypeVar("T")

# Qiskit 2 crashes the process when the thread that imported it has ended and another one uses its standard gates.
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qiskit-runtime-transpiler")


async def in_transpiler_thread(function: Callable[[], T]) -> T:
    """What `function` returns, called there."""
    return await asyncio.wrap_future(_THREAD.submit(function))
