"""Follow each line or instruction of this thread, and of those that it starts."""

from __future__ import annotations

import _thread
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from types import FrameType
from typing import Any

__all__ = ["Trace", "every_line", "tracing"]

Trace = Callable[[FrameType, str, Any], Any]
"""What `sys.settrace` takes."""


@contextlib.contextmanager
def tracing(trace: Trace, *, threads: bool = False) -> Iterator[None]:
    """Trace this thread; with `threads`, also those that begin meanwhile, whichever module starts them."""
    start = _thread.start_new_thread

    @wraps(start)
    def start_traced(function: Callable[..., Any], *arguments: Any) -> int:
        def run(*given: Any, **named: Any) -> None:
            sys.settrace(trace)
            function(*given, **named)

        return start(run, *arguments)

    if threads:
        threading.settrace(trace)
        _thread.start_new_thread = start_traced
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)
        if threads:
            threading.settrace(None)
            _thread.start_new_thread = start


def every_line(rooms: tuple[str, ...], act: Callable[[int], object]) -> Trace:
    """Call `act` with the number of each line that is run in these rooms: parts of the paths of files."""
    passed = 0

    def local(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal passed
        if event == "line":
            passed += 1
            act(passed)
        return local

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        return local if any(room in frame.f_code.co_filename for room in rooms) else None

    return trace
