"""The two ways to run a plan, and the mark of the plans that become public methods.

A plan `_wait` of `JobLogic` that is marked with `@public(...)` becomes `Job.wait` and `AsyncJob.wait`: plain functions
in `client/job.py`, which `make generate` writes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from ...base.secret import misplaced
from ...errors import InvalidInput
from ...plans.deadline import GRACE_SECONDS, Deadline, current_deadline, deadline_in, end_by
from ...plans.plan import Plan, StreamPlan, iterate, iterate_async, run_async, run_by

if TYPE_CHECKING:
    from ...http import Connection

__all__ = ["Awaited", "Blocking", "call_deadline", "public", "refuse_secrets"]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def public(*operations: str) -> Callable[[F], F]:
    """Mark a plan that becomes a public method. Its arguments are checked as their annotations say.

    Args:
        operations: the operations of the contract that it may send, as modules of `qiskit_runtime_api.api`, such as
            `jobs.get_job`.
    """

    def mark(plan: F) -> F:
        code = plan.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

        @wraps(plan)
        def checked(*arguments: Any, **named: Any) -> Any:
            from ...arguments import check_types

            values = {**dict(zip(names, arguments, strict=False)), **named}
            refuse_secrets(values.pop("self", None), values)
            check_types(values, plan.__annotations__)
            return plan(*arguments, **named)

        checked.operations = operations  # type: ignore[attr-defined]  # read by tools/methods.py
        return checked  # type: ignore[return-value]  # it has the signature of the plan

    return mark


def refuse_secrets(handle: Any, values: Mapping[str, Any]) -> None:
    """Refuse arguments of a method of `handle` that contain its API key or token: messages and logs would show them.

    Raises:
        InvalidInput: names the argument.
    """
    connection = getattr(handle, "_connection", None)
    if connection is not None and (
        wrong := misplaced(values, (connection.settings.api_key, connection.settings.token))
    ):
        del values
        raise InvalidInput(wrong)


class Blocking:
    """Base of the classes whose methods block the thread."""

    _connection: Connection

    def _run(self, plan: Plan[T], timeout: float | None = None) -> T:
        """`timeout`: seconds for all that the plan does."""
        return run_by(call_deadline(timeout, self._connection), plan, self._connection)

    def _iterate(self, plan: StreamPlan[T], timeout: float | None = None) -> Iterator[T]:
        return iterate(plan, self._connection, partial(call_deadline, timeout, self._connection))


class Awaited:
    """Base of the classes whose methods are awaited."""

    _connection: Connection

    async def _run(self, plan: Plan[T], timeout: float | None = None) -> T:
        """`timeout`: seconds for all that the plan does."""
        with end_by(call_deadline(timeout, self._connection)):
            return await run_async(plan, self._connection)

    def _iterate(self, plan: StreamPlan[T], timeout: float | None = None) -> AsyncIterator[T]:
        return iterate_async(plan, self._connection, partial(call_deadline, timeout, self._connection))


def call_deadline(timeout: float | None, connection: Connection) -> Deadline | None:
    """The deadline of a call with this `timeout`.

    Raises:
        InvalidInput: it is not a number of seconds.
    """
    if timeout is None:
        return current_deadline()
    from ...arguments import check_timeout

    seconds = check_timeout(timeout)
    return deadline_in(None if seconds is None else seconds + GRACE_SECONDS, connection.clock)
