"""Many operations, of threads and of tasks, through a proxy that spoils a share of the requests, by a seed.

`make chaos` runs it. It prints what happened, and fails if an exception was not one of this package, a call came after
its deadline, a job was lost or made twice, or a descriptor, thread or task is left over. With `--client
qiskit-ibm-runtime`, IBM's SDK does the same in threads, on the same bad network: for the record.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import logging
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from qiskit_runtime_rest import AsyncRuntimeClient, RetryPolicy, RuntimeClient, SubmissionPolicy
from qiskit_runtime_rest.errors import (
    RuntimeRestError,
    ServerError,
    SubmissionUnknown,
    TransportError,
    UnexpectedAnswer,
    WaitTimeout,
)
from qiskit_runtime_rest.testing import Emulator, FaultyProxy, connect

from . import ibm_sdk

CIRCUIT = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nx $0;\nc[0] = measure $0;\n'
BACKEND = "ibm_fez"
AT_ONCE = 8
TIMEOUT = 2.0
LATE_SECONDS = 0.5
"""A call may end this much after its deadline. What the machine was late by meanwhile is left out."""

TICK_SECONDS = 0.02
CLOSING_TRIES = 500
EXPIRY_SECONDS = 4000.0
"""Tokens live for an hour of the service's clock; clients do not know that it jumped."""

RETRIES = RetryPolicy(first=0.02, longest=0.5)
SUBMISSION = SubmissionPolicy(settle=0.5, first=0.02, longest=0.2)
WRONG = ("untyped", "late", "lost", "doubled", "wrong answer", "left over")

OURS = "qiskit-runtime-rest"
EXPECTED = (WaitTimeout, SubmissionUnknown, TransportError, UnexpectedAnswer, ServerError)
"""What a call may end in on such a network."""


class Client:
    """The operations with this package."""

    typed: tuple[type[Exception], ...] = (RuntimeRestError,)
    expected: tuple[type[Exception], ...] = EXPECTED

    def calls(self, tag: str, job_id: str, note: Callable[[str], bool]) -> Mapping[str, Any]:
        """Name -> the call, and whether its outcome is right. `note`: told the id of a new job."""
        return {
            "submit": (
                lambda client: client.sampler([CIRCUIT], backend=BACKEND, tags=[tag], timeout=TIMEOUT),
                lambda job: note(job.id),
            ),
            "get": (lambda client: client.jobs.get(job_id, timeout=TIMEOUT), lambda job: job.backend == BACKEND),
            "find": (lambda client: client.jobs.find("chaos-no-such", timeout=TIMEOUT), lambda job: job is None),
            "list": (lambda client: client.jobs.list(limit=5, timeout=TIMEOUT), lambda job: job.backend == BACKEND),
            "wait": (lambda client: client.jobs.handle(job_id).wait(timeout=0.05), lambda _: False),
            "backends": (lambda client: client.backends.get(BACKEND, timeout=TIMEOUT), lambda one: one.name == BACKEND),
        }


class Machine:
    """By how much this process was late, because others used the machine."""

    def __init__(self) -> None:
        """Watch, in a thread, until `stop`."""
        self._delays: deque[tuple[float, float]] = deque(maxlen=10_000)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(TICK_SECONDS):
            now = time.monotonic()
            self._delays.append((now, now - before - TICK_SECONDS))
            before = now

    def late_since(self, moment: float) -> float:
        """Seconds."""
        return sum(delay for at, delay in list(self._delays) if at >= moment)

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()


class Run:
    """The operations of one run, and what became of them."""

    def __init__(self, seed: int) -> None:
        """`seed`: decides the order of the operations."""
        self.client: Client | ibm_sdk.Service = Client()
        self.random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.tags: dict[str, str | None] = {}
        """The own tag of each submission, with the id of its job, if a handle came."""

        self.longest = 0.0
        self.machine = Machine()
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def choose(self) -> tuple[str, Callable[[Any], Any], Callable[[Any], bool]]:
        """An operation: its name, the call, and whether its outcome is right."""
        with self._lock:
            known = [job_id for job_id in self.tags.values() if job_id]
            job_id = self.random.choice(known) if known else ""
            name = self.random.choice(("submit", "get", "find", "list", "wait", "backends") if known else ("submit",))
            tag = f"chaos-{next(self._numbers)}"
            if name == "submit":
                self.tags[tag] = None
        return name, *self.client.calls(tag, job_id, partial(self._handle, tag))[name]

    def _handle(self, tag: str, job_id: str) -> bool:
        self.tags[tag] = job_id
        return True

    def ended(self, name: str, began: float, outcome: Any, is_right: Callable[[Any], bool]) -> None:
        """Note how an operation ended: with a value, or with an exception."""
        with self._lock:
            self.counts["operations"] += 1
            deadline = began + (0.05 if name == "wait" else TIMEOUT)
            over = time.monotonic() - deadline
            if over > LATE_SECONDS:
                over -= self.machine.late_since(deadline)
            self.longest = max(self.longest, over)
            self.counts["late"] += over > LATE_SECONDS
            if isinstance(outcome, self.client.typed):
                self.counts[type(outcome).__name__] += 1
                if not isinstance(outcome, self.client.expected):
                    self.counts["wrong answer"] += 1
                    print(f"wrong: {name}: {outcome!r}")
            elif isinstance(outcome, BaseException):
                self.counts["untyped"] += 1
                print(f"untyped: {name}: {outcome!r}")
            else:
                self.counts["done"] += 1
                self.counts["wrong answer"] += not is_right(outcome)

    def settle(self, client: RuntimeClient) -> None:
        """Compare the handles with the jobs that the service has."""
        made: Counter[str] = Counter()
        ids: dict[str, str] = {}
        for job in client.jobs.list():
            for tag in job.tags:
                if tag in self.tags:
                    made[tag] += 1
                    ids[tag] = job.id
        self.counts["submissions"] = len(self.tags)
        self.counts["jobs"] = sum(made.values())
        self.counts["unheard of"] = sum(self.tags[tag] is None for tag in made)
        self.counts["doubled"] = sum(number > 1 for number in made.values())
        self.counts["lost"] = sum(job_id is not None and ids.get(tag) != job_id for tag, job_id in self.tags.items())


def in_threads(run: Run, client: RuntimeClient | None, operations: int, until: float) -> None:
    """Run `operations` in threads."""

    def one(_number: int) -> None:
        if time.monotonic() > until:
            return
        name, call, is_right = run.choose()
        began = time.monotonic()
        try:
            outcome = call(client)
            outcome = next(outcome) if name == "list" else outcome
        except Exception as error:
            outcome = error
        run.ended(name, began, outcome, is_right)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(operations)))


async def in_tasks(run: Run, client: AsyncRuntimeClient, operations: int, until: float) -> None:
    """Run `operations` in tasks."""
    left = iter(range(operations))

    async def work() -> None:
        for _ in left:
            if time.monotonic() > until:
                return
            name, call, is_right = run.choose()
            began = time.monotonic()
            try:
                outcome = call(client)
                outcome = await (anext(outcome) if name == "list" else outcome)
            except Exception as error:
                outcome = error
            run.ended(name, began, outcome, is_right)

    async with client:
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    others = asyncio.all_tasks() - {asyncio.current_task()}
    run.counts["left over"] += len(others)


def descriptors() -> int:
    """The open descriptors of this process, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def _left_over(files: int, threads: int) -> int:
    """The descriptors and threads beyond these, once the embedded service has closed its ends of the connections."""
    for _ in range(CLOSING_TRIES):
        gc.collect()
        left = max(0, threading.active_count() - threads) + max(0, descriptors() - files)
        if not left:
            break
        time.sleep(TICK_SECONDS)
    return left


class Disturbance:
    """Lets all tokens expire, and starts the service anew, again and again, while operations run."""

    def __init__(self, run: Run, emulator: Emulator, proxy: FaultyProxy, *, every: int, expires: bool = True) -> None:
        """`every`: operations between two; each fourth one is a restart."""
        self._run, self._emulator, self._proxy, self._every = run, emulator, proxy, every
        self._expires = expires
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._disturb)

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _disturb(self) -> None:
        for number in itertools.count(1):
            while self._run.counts["operations"] < number * self._every:
                if self._stop.wait(TICK_SECONDS):
                    return
            if number % 4 and self._expires:
                self._emulator.clock.advance(EXPIRY_SECONDS)
                self._run.counts["expiries of all tokens"] += 1
            elif not number % 4:
                self._emulator.close()
                self._emulator.start()
                self._proxy.lead_to(self._emulator.base_url)
                self._run.counts["restarts of the service"] += 1


def chaos(
    operations: int, *, seed: int, rate: float, minutes: float, client_name: str = OURS
) -> tuple[Run, Counter[str]]:
    """Run half of the operations in threads, and half in tasks; returns what happened, and what the proxy did.

    IBM's SDK has no tasks. It renews tokens when the machine's clock says so, so that none expires before.
    """
    run = Run(seed)
    until = time.monotonic() + 60 * minutes
    with (
        tempfile.TemporaryDirectory() as folder,
        Emulator(pace="hold", virtual_clock=True, state=Path(folder, "service.sqlite")) as emulator,
    ):
        with connect(emulator) as client:
            client.backends.list()
        before, threads = descriptors(), threading.active_count() - 1  # that of `run.machine`
        with (
            FaultyProxy(emulator.base_url, rate=rate, seed=seed, silent_seconds=1.5 * TIMEOUT) as proxy,
            Disturbance(run, emulator, proxy, every=max(10, operations // 100), expires=client_name == OURS),
        ):
            options: dict[str, Any] = {
                "base_url": proxy.base_url,
                "iam_url": proxy.base_url.removesuffix("/api"),
                "api_key": emulator.api_key,
                "instance": emulator.instance,
                "retries": RETRIES,
                "submission": SUBMISSION,
                "state_path": Path(folder, "state.sqlite"),
            }
            if client_name == OURS:
                with RuntimeClient(**options) as client:
                    in_threads(run, client, operations // 2, until)
                asyncio.run(in_tasks(run, AsyncRuntimeClient(**options), operations - operations // 2, until))
            else:
                run.client = ibm_sdk.Service(ibm_sdk.opened(emulator, proxy.base_url.removesuffix("/api")))
                in_threads(run, None, operations, until)
                run.client = Client()  # the SDK closes its connections when it is deleted
            done = proxy.done
        run.machine.stop()
        with connect(emulator) as client:
            run.settle(client)
        run.counts["left over"] += _left_over(before, threads)
    return run, done


def main() -> int:
    """Print the figures; the exit status is 1 if something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20260415)
    parser.add_argument("--rate", type=float, default=0.3, help="the share of requests that are spoiled")
    parser.add_argument("--minutes", type=float, default=10.0, help="no operation begins later")
    parser.add_argument("--client", choices=(OURS, ibm_sdk.NAME), default=OURS)
    parser.add_argument("--report", type=Path, help="write the figures to this file, as JSON")
    options = parser.parse_args()
    logging.getLogger("qiskit_runtime_rest").setLevel(logging.CRITICAL)
    os.environ.pop("QISKIT_IBM_TOKEN", None)
    run, done = chaos(
        options.operations, seed=options.seed, rate=options.rate, minutes=options.minutes, client_name=options.client
    )
    for name in WRONG:
        run.counts[name] += 0
    figures = {**run.counts, **{f"proxy: {name}": number for name, number in done.items()}}
    for name, number in sorted(figures.items()):
        print(f"{name:40} {number:8,}")
    print(f"{'latest end after a deadline':40} {run.longest:8.2f} s")
    if options.report:
        command = f"--operations {options.operations} --seed {options.seed} --rate {options.rate}"
        if options.client != OURS:
            command += f" --client {options.client}"
        record = {"command": f"make chaos CHAOS='{command}'", "figures": figures}
        options.report.write_text(json.dumps(record, indent=1))
    return int(options.client == OURS and any(run.counts[name] for name in WRONG))


if __name__ == "__main__":
    sys.exit(main())
