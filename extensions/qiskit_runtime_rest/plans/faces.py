"""Sync and async classes from one set of plans."""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator, Mapping
from types import FunctionType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_args, get_origin, overload

from .plan import Effect, Item, Plan, iterate, iterate_async, run, run_async

__all__ = ["AsyncFace", "Face", "SyncFace", "operation", "stream"]

P = ParamSpec("P")
T = TypeVar("T")


class operation(Generic[P, T]):  # noqa: N801 - a decorator, as `property` is
    """Makes a method that returns a `Plan[T]` return a T on a `SyncFace`, an awaitable T on an `AsyncFace`."""

    def __init__(self, method: Callable[Concatenate[Any, P], Plan[T]]) -> None:
        """Keep the `method`; the faces turn it into one of their own."""
        self.method = method

    @overload
    def __get__(self, face: SyncFace, owner: type | None = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, face: AsyncFace, owner: type | None = None) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, face: Any, owner: type | None = None) -> Any:
        """Stand for the method of the face; a class that is no face has the bare plan."""
        return functools.partial(self.method, face)

    def blocking(self, names: Mapping[str, str]) -> Callable[..., Any]:
        """The method of a `SyncFace`. `names`: what the type variables in its annotations stand for."""
        method = self.method

        @functools.wraps(_shown(method, "{}", names))
        def call(face: SyncFace, *args: Any, **kwargs: Any) -> Any:
            return run(method(face, *args, **kwargs), face._connection)

        return call

    def awaited(self, names: Mapping[str, str]) -> Callable[..., Any]:
        """As `blocking`, of an `AsyncFace`."""
        method = self.method

        @functools.wraps(_shown(method, "{}", names))
        async def call(face: AsyncFace, *args: Any, **kwargs: Any) -> Any:
            return await run_async(method(face, *args, **kwargs), face._connection)

        return call


class stream(Generic[P, T]):  # noqa: N801 - a decorator, as `property` is
    """Makes a method whose plan yields `Item`s return an iterator of their values (`async for` on an `AsyncFace`)."""

    def __init__(self, method: Callable[Concatenate[Any, P], Generator[Effect | Item[T], Any, None]]) -> None:
        """Keep the `method`; the faces turn it into one of their own."""
        self.method = method

    @overload
    def __get__(self, face: SyncFace, owner: type | None = None) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, face: AsyncFace, owner: type | None = None) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, face: Any, owner: type | None = None) -> Any:
        """Stand for the method of the face; a class that is no face has the bare plan."""
        return functools.partial(self.method, face)

    def blocking(self, names: Mapping[str, str]) -> Callable[..., Any]:
        """The method of a `SyncFace`. `names`: what the type variables in its annotations stand for."""
        method = self.method

        @functools.wraps(_shown(method, "Iterator[{}]", names))
        def call(face: SyncFace, *args: Any, **kwargs: Any) -> Iterator[Any]:
            return iterate(method(face, *args, **kwargs), face._connection)

        return call

    def awaited(self, names: Mapping[str, str]) -> Callable[..., Any]:
        """As `blocking`, of an `AsyncFace`."""
        method = self.method

        @functools.wraps(_shown(method, "AsyncIterator[{}]", names))
        def call(face: AsyncFace, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            return iterate_async(method(face, *args, **kwargs), face._connection)

        return call


class Face:
    """What both faces have: `_connection`, which their plans are run with."""

    _connection: Any

    def _run(self, plan: Plan[Any]) -> Any:
        raise NotImplementedError


class SyncFace(Face):
    """Base of classes whose operations block the thread."""

    def _run(self, plan: Plan[T]) -> T:
        return run(plan, self._connection)

    def __init_subclass__(cls) -> None:
        """Give the class real methods for the operations it inherits."""
        super().__init_subclass__()
        for name, made in _operations(cls):
            setattr(cls, name, made.blocking(_type_names(cls)))


class AsyncFace(Face):
    """Base of classes whose operations are awaited."""

    async def _run(self, plan: Plan[T]) -> T:
        return await run_async(plan, self._connection)

    def __init_subclass__(cls) -> None:
        """Give the class real methods for the operations it inherits."""
        super().__init_subclass__()
        for name, made in _operations(cls):
            setattr(cls, name, made.awaited(_type_names(cls)))


def _operations(cls: type) -> list[tuple[str, operation[..., Any] | stream[..., Any]]]:
    """What `cls` inherits, by name: of several in a name the one that counts, if that is not a method already."""
    named = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
    return [(name, value) for name, value in named.items() if isinstance(value, operation | stream)]


RESULT = re.compile(r"Plan\[(.+)\]|Generator\[Effect \| Item\[(.+)\], Any, None\]")
"""The annotation of a method that returns a plan; a group of it is what the plan comes to."""


def _shown(method: Callable[..., Any], form: str, names: Mapping[str, str]) -> Callable[..., Any]:
    """`method` as `help` and `inspect.signature` shall show it: it returns what callers get, not a plan."""
    result = RESULT.fullmatch(str(method.__annotations__.get("return")))
    if result is None or not isinstance(method, FunctionType):
        return method
    text = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), result[result.lastindex or 0])
    shown = FunctionType(method.__code__, method.__globals__, method.__name__, method.__defaults__, method.__closure__)
    shown.__kwdefaults__ = method.__kwdefaults__
    shown.__annotations__ = {**method.__annotations__, "return": form.format(text)}
    return shown


def _type_names(cls: type) -> dict[str, str]:
    """What the type variables of the generic bases of `cls` stand for, by their names."""
    return {
        variable.__name__: argument.__name__ if isinstance(argument, type) else argument.__forward_arg__
        for base in getattr(cls, "__orig_bases__", ())
        for variable, argument in zip(getattr(get_origin(base), "__parameters__", ()), get_args(base), strict=True)
    }
