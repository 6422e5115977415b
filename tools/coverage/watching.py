"""Notes what is asked of the contract's operations in this process, and through which functions."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any

import httpx

from qiskit_runtime_rest.contract.generated import operation_files

from .faces import methods, shown
from .items import FUNCTIONS
from .record import Item

__all__ = ["Watch"]

Function = Callable[..., Any]
Replace = Callable[[Any, str, Any], None]
Named = ContextVar[str | None]

_END = object()


class Watch:
    """Keeps what was met since `seen` was last emptied: answers to requests through httpx, whatever the transport.

    A request without an answer counts for nothing. Where a function hands its work to threads or tasks, they count
    as the function, as long as it is `contextvars` that they inherit.
    """

    def __init__(self) -> None:
        """Nothing is noted before `put_on`."""
        self.seen: set[Item] = set()
        self._function: Named = ContextVar("generated function", default=None)
        self._convenience: Named = ContextVar("convenience", default=None)
        self._paths = [
            (method, re.compile(rf"(?:/.*)?{re.sub(r'{[^}]*}', '[^/]+', path)}"), f"{method} {path}")
            for method, path in map(str.split, operation_files())
        ]

    def put_on(self, replace: Replace) -> None:
        """`replace(owner, name, value)` puts something in the place of an attribute."""
        # Both kinds of clients hand each answer to it, retried, redirected or for httpx.Auth, and call nothing else in
        # it: tests that look at who called find httpx as it is.
        replace(httpx.Cookies, "extract_cookies", self._noting(httpx.Cookies.extract_cookies))
        for face, name, function in methods():
            replace(face, name, _within(function, self._convenience, shown(function.__qualname__)))
        for operation in operation_files().values():
            module = import_module(f"qiskit_runtime_api.api.{operation.module}")
            for name, told in FUNCTIONS.items():
                replace(module, name, _within(getattr(module, name), self._function, told))

    def _noting(self, extract_cookies: Function) -> Function:
        @functools.wraps(extract_cookies)
        def noting(cookies: httpx.Cookies, response: httpx.Response) -> None:
            self._note(response)
            extract_cookies(cookies, response)

        return noting

    def _note(self, response: httpx.Response) -> None:
        operation = self._operation(response.request)
        if operation is not None:
            met = {
                "function": self._function.get(),
                "convenience": self._convenience.get(),
                "status": str(response.status_code),
                "version": response.request.headers.get("IBM-API-Version"),
            }
            self.seen.update(Item(operation, aspect, name) for aspect, name in met.items() if name is not None)

    def _operation(self, request: httpx.Request) -> str | None:
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        return next(
            (name for method, each, name in self._paths if method == request.method and each.fullmatch(path)), None
        )


def _within(function: Function, variable: Named, value: str) -> Function:
    """`function`, during which `variable` has this `value`; also in each step of an iterator that it returns."""

    @contextmanager
    def inside() -> Iterator[None]:
        token = variable.set(value)
        try:
            yield
        finally:
            variable.reset(token)

    def called(*args: Any, **kwargs: Any) -> Any:
        with inside():
            outcome = function(*args, **kwargs)
        if inspect.isgenerator(outcome):
            return iterated(outcome)
        return iterated_async(outcome) if inspect.isasyncgen(outcome) else outcome

    async def awaited(*args: Any, **kwargs: Any) -> Any:
        with inside():
            return await function(*args, **kwargs)

    def iterated(steps: Any) -> Any:
        try:
            while True:
                with inside():
                    item = next(steps, _END)
                if item is _END:
                    return
                yield item
        finally:
            steps.close()

    async def iterated_async(steps: Any) -> Any:
        try:
            while True:
                with inside():
                    item = await anext(steps, _END)
                if item is _END:
                    return
                yield item
        finally:
            await steps.aclose()

    wrapper = awaited if inspect.iscoroutinefunction(function) else called
    # Warnings name the first frame outside the package: this one must not be it.
    wrapper.__code__ = wrapper.__code__.replace(co_filename=function.__code__.co_filename)
    return functools.wraps(function)(wrapper)
