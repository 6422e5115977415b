"""Logic written once, run by threads and by tasks.

A *plan* is a generator that yields effects (send this, sleep so long), is sent what came of each, and returns its
result: it decides everything and does nothing. `run` and `run_async` do, each in its way. Classes whose methods are
plans get both faces through `operation` and `stream`: called on a `SyncFace` they block, on an `AsyncFace` they are
awaited.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable, Iterator, Mapping
from contextvars import ContextVar, copy_context
from types import FunctionType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    NamedTuple,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
    overload,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

__all__ = [
    "AsyncFace",
    "Clock",
    "Effect",
    "Ended",
    "Face",
    "InThread",
    "Item",
    "OnExecutor",
    "Plan",
    "Sleep",
    "SyncFace",
    "SystemClock",
    "Together",
    "ended_by",
    "operation",
    "run",
    "run_async",
    "stream",
]

P = ParamSpec("P")
T = TypeVar("T")


class Effect(Protocol):
    """Something to do on the way of a plan, in two ways. `io` is what the plan is run with."""

    def perform(self, io: Any, /) -> Any:
        """Do it, blocking the thread."""

    async def perform_async(self, io: Any, /) -> Any:
        """Do it, suspending the task."""


Plan: TypeAlias = Generator[Effect, Any, T]


def run(plan: Plan[T], io: Any) -> T:
    """Run `plan` in this thread; what an effect raises is raised inside the plan."""
    step: Callable[[], Effect] = functools.partial(next, plan)
    while True:
        try:
            effect = step()
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # a generator's return value is untyped at run time
        try:
            step = functools.partial(plan.send, effect.perform(io))
        except BaseException as error:
            step = functools.partial(plan.throw, error)


async def run_async(plan: Plan[T], io: Any) -> T:
    """Run `plan` in this task; what an effect raises (cancellation, too) is raised inside the plan."""
    step: Callable[[], Effect] = functools.partial(next, plan)
    while True:
        try:
            effect = step()
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # as above
        try:
            step = functools.partial(plan.send, await effect.perform_async(io))
        except BaseException as error:
            step = functools.partial(plan.throw, error)


class Clock(Protocol):
    """Time as a parameter: tests pass one that does not wait."""

    def monotonic(self) -> float:
        """Seconds, only ever growing."""

    def time(self) -> float:
        """Seconds since the epoch, the same for all processes."""

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Let `seconds` pass, or less once `stop` is set."""

    async def sleep_async(self, seconds: float) -> None:
        """Let `seconds` pass for this task."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds, only ever growing."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch, the same for all processes."""
        return time.time()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Let `seconds` pass, or less once `stop` is set."""
        if stop is None:
            time.sleep(seconds)
        else:
            stop.wait(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Let `seconds` pass for this task."""
        import anyio

        await anyio.sleep(seconds)


class HasClock(Protocol):
    """What `Sleep` needs of the `io` it is run with."""

    @property
    def clock(self) -> Clock:
        """The clock to sleep by."""


ENDING: ContextVar[threading.Event | None] = ContextVar("ending", default=None)
"""Set when the thread's plan is wanted no more: what a task is told by its cancellation."""

NOTICED_SECONDS = 0.1
"""So often a thread whose plan may be ended looks whether it was, while others work for it."""


class Ended(BaseException):
    """Raised in a plan that is wanted no more, at its next sleep: one beside it has failed, or the caller stops it."""


@contextlib.contextmanager
def ended_by(stop: threading.Event | None) -> Iterator[None]:
    """End what a thread does inside, at its next sleep, once `stop` is set; the block is left without an error."""
    if stop is None:
        yield
        return
    token = ENDING.set(stop)
    try:
        yield
    except Ended:
        if not stop.is_set():
            raise
    finally:
        ENDING.reset(token)


class Sleep(NamedTuple):
    """Let `seconds` pass; `stop` (a `threading.Event`) ends the sleep of a thread early."""

    seconds: float
    stop: threading.Event | None = None

    def perform(self, io: HasClock) -> None:
        """Block the thread."""
        io.clock.sleep(self.seconds, self.stop or ENDING.get())
        _end_if_unwanted()

    async def perform_async(self, io: HasClock) -> None:
        """Suspend the task."""
        await io.clock.sleep_async(self.seconds)


class Together(NamedTuple):
    """Run `plans`, `at_once` of them at a time; the outcome is the list of what they came to, in their order.

    Plans are taken as they are needed. One that raises ends the others, as does an interrupt: those that sleep at
    once, those that do something when that is done. A plan that should not reports its error as its outcome.
    """

    plans: Iterable[Plan[Any]]
    at_once: int

    def perform(self, io: Any) -> list[Any]:
        """In threads."""
        from concurrent.futures import ThreadPoolExecutor

        ending = threading.Event()
        with ThreadPoolExecutor(max_workers=self.at_once) as pool:
            waiting: deque[Future[Any]] = deque()
            outcomes: list[Any] = []
            try:
                for plan in self.plans:
                    context = copy_context()
                    context.run(ENDING.set, ending)
                    waiting.append(pool.submit(context.run, run, plan, io))
                    if len(waiting) >= 2 * self.at_once:
                        outcomes.append(_outcome(waiting.popleft(), ending))
                outcomes += [_outcome(future, ending) for future in waiting]
            except BaseException:
                ending.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return outcomes

    async def perform_async(self, io: Any) -> list[Any]:
        """In tasks."""
        import anyio

        outcomes: dict[int, Any] = {}
        failures: list[Exception] = []
        numbered = enumerate(self.plans)

        async def work() -> None:
            try:
                for number, plan in numbered:
                    outcomes[number] = await run_async(plan, io)
            except Exception as failure:
                failures.append(failure)
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for _ in range(self.at_once):
                group.start_soon(work)
        if failures:
            raise failures[0]
        return [outcomes[number] for number in sorted(outcomes)]


class OnExecutor(NamedTuple):
    """Call `function` with `arguments` on the caller's `executor`: another process, or a cluster."""

    executor: Executor
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()

    def perform(self, _io: Any) -> Any:
        """Block the thread until it is done."""
        outcome = self.executor.submit(self.function, *self.arguments).result()
        _end_if_unwanted()
        return outcome

    async def perform_async(self, _io: Any) -> Any:
        """Suspend the task until it is done."""
        import anyio.to_thread

        future = self.executor.submit(self.function, *self.arguments)
        try:
            return await anyio.to_thread.run_sync(future.result, abandon_on_cancel=True)
        except BaseException:
            future.cancel()
            raise


class InThread(NamedTuple):
    """Call `function`, which blocks for a moment: in this thread, or beside the tasks in one of its own."""

    function: Callable[[], Any]

    def perform(self, _io: Any) -> Any:
        """Call it."""
        return self.function()

    async def perform_async(self, _io: Any) -> Any:
        """Call it in a worker thread."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.function)


def _outcome(future: Future[T], ending: threading.Event) -> T:
    """What `future` comes to; `ending` is set meanwhile when this thread's own plan is to end."""
    from concurrent.futures import wait

    while (own := ENDING.get()) is not None and not wait([future], NOTICED_SECONDS).done:
        if own.is_set():
            ending.set()
    return future.result()


def _end_if_unwanted() -> None:
    ending = ENDING.get()
    if ending is not None and ending.is_set():
        raise Ended


class Item(NamedTuple, Generic[T]):
    """Hands `value` to whoever iterates over a `stream`."""

    value: T


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
            return run(method(face, *args, **kwargs), face._io)

        return call

    def awaited(self, names: Mapping[str, str]) -> Callable[..., Any]:
        """As `blocking`, of an `AsyncFace`."""
        method = self.method

        @functools.wraps(_shown(method, "{}", names))
        async def call(face: AsyncFace, *args: Any, **kwargs: Any) -> Any:
            return await run_async(method(face, *args, **kwargs), face._io)

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
            plan = method(face, *args, **kwargs)
            while (item := run(_until_item(plan), face._io)) is not None:
                yield item.value

        return call

    def awaited(self, names: Mapping[str, str]) -> Callable[..., Any]:
        """As `blocking`, of an `AsyncFace`."""
        method = self.method

        @functools.wraps(_shown(method, "AsyncIterator[{}]", names))
        async def call(face: AsyncFace, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            plan = method(face, *args, **kwargs)
            while (item := await run_async(_until_item(plan), face._io)) is not None:
                yield item.value

        return call


def _until_item(plan: Generator[Effect | Item[T], Any, None]) -> Plan[Item[T] | None]:
    """The part of `plan` up to its next item; None at its end."""
    step: Callable[[], Effect | Item[T]] = functools.partial(next, plan)
    while True:
        try:
            effect = step()
        except StopIteration:
            return None
        if isinstance(effect, Item):
            return effect
        try:
            step = functools.partial(plan.send, (yield effect))
        except BaseException as error:
            step = functools.partial(plan.throw, error)


class Face:
    """What both faces have: `_io`, which their plans are run with."""

    _io: Any

    def _run(self, plan: Plan[Any]) -> Any:
        raise NotImplementedError


class SyncFace(Face):
    """Base of classes whose operations block the thread."""

    def _run(self, plan: Plan[T]) -> T:
        return run(plan, self._io)

    def __init_subclass__(cls) -> None:
        """Give the class real methods for the operations it inherits."""
        super().__init_subclass__()
        for name, made in _operations(cls):
            setattr(cls, name, made.blocking(_type_names(cls)))


class AsyncFace(Face):
    """Base of classes whose operations are awaited."""

    async def _run(self, plan: Plan[T]) -> T:
        return await run_async(plan, self._io)

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
