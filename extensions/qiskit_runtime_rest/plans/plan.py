"""Plans: logic written once, run by threads and by tasks.

A plan is a generator. It yields effects (send this request, sleep for N seconds), receives the outcome of each, and
returns its result. It makes all decisions and does no I/O itself. `run` and `run_async` perform the effects.
"""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from .deadline import CURRENT, GRACE_SECONDS, Deadline, current_deadline, end_by

if TYPE_CHECKING:
    import threading

__all__ = ["STOP", "Effect", "Item", "Plan", "StreamPlan", "iterate", "iterate_async", "run", "run_async", "run_by"]

T = TypeVar("T")

INTERRUPTIONS = (KeyboardInterrupt, SystemExit)
"""Signals raise these at any instruction."""

STOP: ContextVar[threading.Event | None] = ContextVar("stop", default=None)
"""The event that stops this thread's plan when it is set. (A task is cancelled instead.)"""


class Effect(Protocol):
    """One thing that a plan wants done, for threads and for tasks. `connection` is the argument of `run`."""

    def perform(self, connection: Any, /) -> Any:
        """Do it, blocking the thread."""

    async def perform_async(self, connection: Any, /) -> Any:
        """Do it, suspending the task."""


Plan: TypeAlias = Generator[Effect, Any, T]


def run(plan: Plan[T], connection: Any) -> T:
    """Run `plan` in this thread; what an effect raises is raised inside the plan."""
    try:
        return _run(plan, connection)
    except INTERRUPTIONS:
        plan.close()  # it came between two steps, of which the plan knows nothing
        raise


def _run(plan: Plan[T], connection: Any) -> T:
    step: Callable[[Any], Effect] = plan.send
    outcome: Any = None
    while True:
        try:
            effect = step(outcome)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # a generator's return value is untyped at run time
        try:
            step, outcome = plan.send, effect.perform(connection)
        except BaseException as error:
            if isinstance(error, INTERRUPTIONS):
                # Context managers and generators that it came in the middle of end now, and let go of their locks.
                traceback.clear_frames(error.__traceback__)
            step, outcome = plan.throw, error


def run_by(deadline: Deadline | None, plan: Plan[T], connection: Any) -> T:
    """Run `plan` in this thread, by `deadline`. Ctrl-C at any instruction leaves nothing of that to later calls."""
    before, stop = CURRENT.get(), STOP.get()
    try:
        CURRENT.set(deadline)
        return run(plan, connection)
    except INTERRUPTIONS as error:
        traceback.clear_frames(error.__traceback__)  # as above
        raise
    finally:
        # Ctrl-C could come at the beginning of the `__exit__` of a context manager.
        CURRENT.set(before)
        STOP.set(stop)


async def run_async(plan: Plan[T], connection: Any) -> T:
    """Run `plan` in this task; what an effect raises (cancellation, too) is raised inside the plan."""
    step: Callable[[Any], Effect] = plan.send
    outcome: Any = None
    while True:
        try:
            effect = step(outcome)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # as above
        try:
            step, outcome = plan.send, await effect.perform_async(connection)
        except BaseException as error:
            step, outcome = plan.throw, error


class Item(NamedTuple, Generic[T]):
    """Yielded by a `StreamPlan`: `value` is for the caller, that iterates over it."""

    value: T


StreamPlan: TypeAlias = Generator[Effect | Item[T], Any, None]
"""A plan that yields `Item`s between its effects."""


def iterate(
    plan: StreamPlan[T], connection: Any, deadline: Callable[[], Deadline | None] = current_deadline
) -> Iterator[T]:
    """Run `plan` in this thread, and yield the values of its items. `deadline`: called at the start.

    However long the caller works on an item, there is time for one request after it.
    """
    ends = deadline()
    while True:
        item = run_by(ends and ends.at_least(GRACE_SECONDS), _until_item(plan), connection)
        if item is None:
            return
        yield item.value


async def iterate_async(
    plan: StreamPlan[T], connection: Any, deadline: Callable[[], Deadline | None] = current_deadline
) -> AsyncIterator[T]:
    """Run `plan` in this task, and yield the values of its items. `deadline`: called at the start.

    However long the caller works on an item, there is time for one request after it.
    """
    ends = deadline()
    while True:
        with end_by(ends and ends.at_least(GRACE_SECONDS)):
            item = await run_async(_until_item(plan), connection)
        if item is None:
            return
        yield item.value


def _until_item(plan: StreamPlan[T]) -> Plan[Item[T] | None]:
    """The part of `plan` up to its next item; None at its end."""
    step: Callable[[Any], Effect | Item[T]] = plan.send
    outcome: Any = None
    while True:
        try:
            effect = step(outcome)
        except StopIteration:
            return None
        if isinstance(effect, Item):
            return effect
        try:
            step, outcome = plan.send, (yield effect)
        except BaseException as error:
            step, outcome = plan.throw, error
