"""The two ways to run a plan, and the mark of the plans that become public methods.

A plan `_wait` of `JobLogic` that is marked with `@public(...)` becomes `Job.wait` and `AsyncJob.wait`: plain functions
in `client/job.py`, which `make generate` writes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from ...plans.plan import Plan, StreamPlan, iterate, iterate_async, run, run_async

if TYPE_CHECKING:
    from ...http import Connection

__all__ = ["Awaited", "Blocking", "public"]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def public(*operations: str) -> Callable[[F], F]:
    """Mark a plan that becomes a public method.

    Args:
        operations: the operations of the contract that it may send, as modules of `qiskit_runtime_api.api`, such as
            `jobs.get_job`.
    """

    def mark(plan: F) -> F:
        plan.operations = operations  # type: ignore[attr-defined]  # read by tools/methods.py
        return plan

    return mark


class Blocking:
    """Base of the classes whose methods block the thread."""

    _connection: Connection

    def _run(self, plan: Plan[T]) -> T:
        return run(plan, self._connection)

    def _iterate(self, plan: StreamPlan[T]) -> Iterator[T]:
        return iterate(plan, self._connection)


class Awaited:
    """Base of the classes whose methods are awaited."""

    _connection: Connection

    async def _run(self, plan: Plan[T]) -> T:
        return await run_async(plan, self._connection)

    def _iterate(self, plan: StreamPlan[T]) -> AsyncIterator[T]:
        return iterate_async(plan, self._connection)
