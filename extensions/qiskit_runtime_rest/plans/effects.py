"""Effects of general use: sleep, run plans side by side, call a function elsewhere."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from ..base.callers import CALLER, caller
from .clock import Clock
from .plan import Plan, run, run_async

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

__all__ = ["InThread", "OnExecutor", "PlanStopped", "Sleep", "Together", "stopped_by"]

T = TypeVar("T")


class HasClock(Protocol):
    """What `Sleep` needs of the `connection` it is run with."""

    @property
    def clock(self) -> Clock:
        """The clock to sleep by."""


STOP: ContextVar[threading.Event | None] = ContextVar("ending", default=None)
"""Set when the thread's plan is wanted no more: what a task is told by its cancellation."""

STOP_CHECK_SECONDS = 0.1
"""So often a thread whose plan may be ended looks whether it was, while others work for it."""


class PlanStopped(BaseException):
    """Raised in a plan that is wanted no more, at its next sleep: one beside it has failed, or the caller stops it."""


@contextlib.contextmanager
def stopped_by(stop: threading.Event | None) -> Iterator[None]:
    """End what a thread does inside, at its next sleep, once `stop` is set; the block is left without an error."""
    if stop is None:
        yield
        return
    token = STOP.set(stop)
    try:
        yield
    except PlanStopped:
        if not stop.is_set():
            raise
    finally:
        STOP.reset(token)


class Sleep(NamedTuple):
    """Let `seconds` pass; `stop` (a `threading.Event`) ends the sleep of a thread early."""

    seconds: float
    stop: threading.Event | None = None

    def perform(self, connection: HasClock) -> None:
        """Block the thread."""
        connection.clock.sleep(self.seconds, self.stop or STOP.get())
        _stop_if_asked()

    async def perform_async(self, connection: HasClock) -> None:
        """Suspend the task."""
        await connection.clock.sleep_async(self.seconds)


class Together(NamedTuple):
    """Run `plans`, `at_once` of them at a time; the outcome is the list of what they came to, in their order.

    Plans are taken as they are needed. One that raises ends the others, as does an interrupt: those that sleep at
    once, those that do something when that is done. A plan that should not reports its error as its outcome.
    """

    plans: Iterable[Plan[Any]]
    at_once: int

    def perform(self, connection: Any) -> list[Any]:
        """In threads."""
        from concurrent.futures import ThreadPoolExecutor

        ending = threading.Event()
        frame = CALLER.get() or caller()
        with ThreadPoolExecutor(max_workers=self.at_once) as pool:
            waiting: deque[Future[Any]] = deque()
            outcomes: list[Any] = []
            try:
                for plan in self.plans:
                    context = copy_context()
                    context.run(STOP.set, ending)
                    context.run(CALLER.set, frame)
                    waiting.append(pool.submit(context.run, run, plan, connection))
                    if len(waiting) >= 2 * self.at_once:
                        outcomes.append(_outcome(waiting.popleft(), ending))
                outcomes += [_outcome(future, ending) for future in waiting]
            except BaseException:
                ending.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return outcomes

    async def perform_async(self, connection: Any) -> list[Any]:
        """In tasks."""
        import anyio

        token = CALLER.set(CALLER.get() or caller())
        outcomes: dict[int, Any] = {}
        failures: list[Exception] = []
        numbered = enumerate(self.plans)

        async def work() -> None:
            try:
                for number, plan in numbered:
                    outcomes[number] = await run_async(plan, connection)
            except Exception as failure:
                failures.append(failure)
                group.cancel_scope.cancel()

        try:
            async with anyio.create_task_group() as group:
                for _ in range(self.at_once):
                    group.start_soon(work)
        finally:
            CALLER.reset(token)
        if failures:
            raise failures[0]
        return [outcomes[number] for number in sorted(outcomes)]


class OnExecutor(NamedTuple):
    """Call `function` with `arguments` on the caller's `executor`: another process, or a cluster."""

    executor: Executor
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()

    def perform(self, _connection: Any) -> Any:
        """Block the thread until it is done."""
        outcome = self.executor.submit(self.function, *self.arguments).result()
        _stop_if_asked()
        return outcome

    async def perform_async(self, _connection: Any) -> Any:
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

    def perform(self, _connection: Any) -> Any:
        """Call it."""
        return self.function()

    async def perform_async(self, _connection: Any) -> Any:
        """Call it in a worker thread."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.function)


def _outcome(future: Future[T], ending: threading.Event) -> T:
    """What `future` comes to; `ending` is set meanwhile when this thread's own plan is to end."""
    from concurrent.futures import wait

    while (own := STOP.get()) is not None and not wait([future], STOP_CHECK_SECONDS).done:
        if own.is_set():
            ending.set()
    return future.result()


def _stop_if_asked() -> None:
    ending = STOP.get()
    if ending is not None and ending.is_set():
        raise PlanStopped
