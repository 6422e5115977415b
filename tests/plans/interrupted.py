"""Ctrl-C at each instruction of `Together`, and cancelling at each wait, in a process that ends itself if it hangs."""

from __future__ import annotations

import _thread
import asyncio
import faulthandler
import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

from qiskit_runtime_rest.plans.effects import InThread, Sleep, Together
from qiskit_runtime_rest.plans.plan import Plan, run, run_async
from tools.sweep import Quick, Waits, interrupt, is_interrupt, places

HANG_SECONDS = 60
"""Far longer than one run takes on any machine."""


class Connection:
    """What the plans are run with."""

    clock = Quick()


def number(value: int) -> Plan[int]:
    yield Sleep(0.001)
    yield InThread(lambda: None)
    return value


def together() -> Plan[list[int]]:
    outcome: list[int] = yield Together(map(number, range(3)), 2)
    return outcome


def blocking() -> Any:
    return run(together(), Connection())


async def cancelled(number: int) -> bool:
    """Cancel the task when it, and those that it starts, wait for the `number`-th time; False: they wait less often."""
    waits = Waits(number, lambda: task.cancel())
    asyncio.get_running_loop().set_task_factory(waits.task)
    task = asyncio.get_running_loop().create_task(run_async(together(), Connection()))
    await asyncio.wait([task], timeout=HANG_SECONDS)
    assert task.done()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert task.cancelled() or task.result() == [0, 1, 2]
    return waits.passed >= number


def cancel() -> int:
    """Cancel at each wait."""
    return next(place for place in itertools.count(1) if not asyncio.run(cancelled(place))) - 1


def sweep(act: Callable[[], Any]) -> int:
    """Interrupt `act` at each instruction; each time it must end, leave no thread, and run again."""
    assert act() == [0, 1, 2]
    threads, swept = _thread._count(), 0
    for place in places(act):
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        error = interrupt(act, place)
        if error is None:
            continue  # this run was shorter
        assert is_interrupt(error), repr(error)
        while _thread._count() > threads:
            time.sleep(0.001)
        assert act() == [0, 1, 2]
        swept += 1
    faulthandler.cancel_dump_traceback_later()
    return swept


if __name__ == "__main__":
    print({"Ctrl-C": lambda: sweep(blocking), "cancelled": cancel}[sys.argv[1]]())
