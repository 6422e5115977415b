"""Effects of general use: sleep, run plans concurrently, call a function in a thread or on an executor."""

from __future__ import annotations

import _thread
import contextlib
import math
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from ..base.callers import CALLER, caller
from ..errors import TransportError
from .clock import Clock
from .deadline import time_left
from .plan import STOP, Plan, run, run_async

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from queue import SimpleQueue

__all__ = ["InThread", "OnExecutor", "PlanStopped", "Sleep", "Together", "stopped_by"]

T = TypeVar("T")


class HasClock(Protocol):
    """A connection, as `Sleep` needs it."""

    @property
    def clock(self) -> Clock:
        """The clock to sleep by."""


STOP_CHECK_SECONDS = 0.1
"""Seconds between checks for `STOP` while a thread waits for its workers."""


class PlanStopped(BaseException):
    """Raised in a plan at its next sleep after `STOP` was set: a plan beside it failed, or the caller stops it."""


class _StoppedBy:
    def __init__(self, stop: threading.Event | None) -> None:
        self._stop = stop

    def __enter__(self) -> None:
        self._token = STOP.set(self._stop or STOP.get())

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        STOP.reset(self._token)
        return kind is PlanStopped and self._stop is not None and self._stop.is_set()


def stopped_by(stop: threading.Event | None) -> AbstractContextManager[bool | None]:
    """End the thread's plan at its next sleep after `stop` is set, and leave the block without an error."""
    return _StoppedBy(stop)


class Sleep(NamedTuple):
    """Sleep for `seconds`; `stop` ends the sleep of a thread early.

    Raises:
        TransportError: the deadline of the call is earlier, so that nothing could follow. It does not sleep then.
    """

    seconds: float
    stop: threading.Event | None = None

    def perform(self, connection: HasClock) -> None:
        """Block the thread."""
        self._check()
        connection.clock.sleep(self.seconds, self.stop or STOP.get())
        _stop_if_asked()

    async def perform_async(self, connection: HasClock) -> None:
        """Suspend the task."""
        self._check()
        await connection.clock.sleep_async(self.seconds)

    def _check(self) -> None:
        left = time_left()
        if left is not None and self.seconds > left:
            raise _too_late(f"the next step was due in {self.seconds:.1f} s, after the end of the call")


class Together(NamedTuple):
    """Run `plans`, `at_once` of them at a time; the outcome is the list of their results, in their order.

    Plans are taken from the iterable as they are needed. If one raises, or the caller is interrupted, the others end:
    at once if they sleep, else after their current effect. A plan that should not end the others returns its error.
    """

    plans: Iterable[Plan[Any]]
    at_once: int

    def perform(self, connection: Any) -> list[Any]:
        """In threads.

        Ctrl-C may come at any instruction. `threading.Thread` and executors have locks that it can leave held, so that
        their threads would wait for ever. It does not divide C code, such as that of plain locks and of `SimpleQueue`.
        """
        from queue import SimpleQueue

        stop = threading.Event()
        frame = CALLER.get() or caller()
        taking, ended = threading.Lock(), SimpleQueue[None]()
        numbered = enumerate(self.plans)
        outcomes: dict[int, Any] = {}
        failures: list[BaseException] = []
        exhausted: list[bool] = []
        gone: list[bool] = []

        def work() -> None:
            try:
                while not stop.is_set():
                    with taking:
                        number, plan = next(numbered, (0, None))
                    if plan is None:
                        exhausted.append(True)
                        return
                    outcomes[number] = run(plan, connection)
            except BaseException as failure:
                failures.append(failure)
                stop.set()
            finally:
                gone.append(True)
                ended.put(None)

        started = 0
        try:
            while started < self.at_once and not exhausted:
                context = copy_context()
                context.run(STOP.set, stop)
                context.run(CALLER.set, frame)
                _thread.start_new_thread(context.run, (work,))
                started += 1
            while len(gone) < started:
                _wait_for(ended, stop)
        except BaseException:
            stop.set()
            while len(gone) < started:
                _wait_for(ended, stop, STOP_CHECK_SECONDS)
            raise
        if failures:
            first = failures[0]
            failures.clear()
            try:
                raise first
            finally:
                del first  # it has this frame in its traceback
        _stop_if_asked()
        return [outcomes[number] for number in sorted(outcomes)]

    async def perform_async(self, connection: Any) -> list[Any]:
        """In tasks. Each starts one more as long as there are plans: `at_once` may be any number."""
        import anyio

        token = CALLER.set(CALLER.get() or caller())
        outcomes: dict[int, Any] = {}
        failures: list[Exception] = []
        numbered = enumerate(self.plans)
        further = iter(range(1, self.at_once))

        async def work() -> None:
            try:
                for number, plan in numbered:
                    if next(further, None) is not None:
                        group.start_soon(work)
                    outcomes[number] = await run_async(plan, connection)
            except Exception as failure:
                failures.append(failure)
                group.cancel_scope.cancel()

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(work)
        finally:
            CALLER.reset(token)
        if failures:
            raise failures[0]
        return [outcomes[number] for number in sorted(outcomes)]


class OnExecutor(NamedTuple):
    """Call `function` with `arguments` on the caller's `executor`, such as a process pool or a cluster's.

    Raises:
        TransportError: it has not finished at the deadline of the call.
    """

    executor: Executor
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()

    def perform(self, _connection: Any) -> Any:
        """Block the thread until the result has come."""
        future = self.executor.submit(self.function, *self.arguments)
        try:
            outcome = self._outcome(future)
        finally:
            future.cancel()
        _stop_if_asked()
        return outcome

    async def perform_async(self, _connection: Any) -> Any:
        """Suspend the task until the result has come."""
        import anyio.to_thread

        future = self.executor.submit(self.function, *self.arguments)
        try:
            return await anyio.to_thread.run_sync(
                self._outcome, future, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(math.inf)
            )
        finally:
            future.cancel()

    @staticmethod
    def _outcome(future: Future[Any]) -> Any:
        try:
            return future.result(time_left())
        except TimeoutError as error:
            if future.done():
                raise
            raise _too_late("the executor has not finished") from error


class InThread(NamedTuple):
    """Call `function`, which blocks: in this thread, or for tasks in a worker thread.

    It keeps to the deadline of the call itself. So a task must not wait for one of anyio's 40 threads, which other
    tasks and other libraries may hold.
    """

    function: Callable[[], Any]

    def perform(self, _connection: Any) -> Any:
        """Call it."""
        return self.function()

    async def perform_async(self, _connection: Any) -> Any:
        """Call it in a worker thread."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.function, limiter=anyio.CapacityLimiter(math.inf))


def _wait_for(ended: SimpleQueue[None], stop: threading.Event, seconds: float | None = None) -> None:
    """Wait for an item, for `seconds` at most; sets `stop`, that of the workers, if `STOP` of this thread is set."""
    from queue import Empty

    own = STOP.get()
    with contextlib.suppress(Empty):
        ended.get(timeout=seconds if own is None else STOP_CHECK_SECONDS)
    if own is not None and own.is_set():
        stop.set()


def _too_late(what: str) -> TransportError:
    return TransportError(f"{what} (timeout=).", method="", url="", sent=False)


def _stop_if_asked() -> None:
    stop = STOP.get()
    if stop is not None and stop.is_set():
        raise PlanStopped
