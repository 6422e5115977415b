"""Interrupt, cancel, close and fork in the middle of calls, at every place, and use the same client again.

`make sweep` runs it. After each of these, a call of the same client from another thread must end in time, the state
file must be free, and no task, descriptor or connection may be left. It needs CPython and `os.fork`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import gc
import itertools
import json
import logging
import os
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

import qiskit_runtime_rest
from qiskit_runtime_rest import AsyncRuntimeClient, JobRequest, RetryPolicy, RuntimeClient, SubmissionPolicy
from qiskit_runtime_rest.base import forks
from qiskit_runtime_rest.errors import AuthenticationError, RuntimeRestError
from qiskit_runtime_rest.plans.clock import SystemClock

from .tracing import tracing

CIRCUIT = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nx $0;\nc[0] = measure $0;\n'
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0a1b2c:11112222-3333-4444-5555-666677778888::"
AFTER_SECONDS = 10.0
"""A call after the interruption is taken to hang if it lasts longer."""

TRIES, TRY_SECONDS = 50, 0.02
RUNS = 4
"""An instruction is in one of so many runs: not each one renews the token."""

PARTS = 10
PACKAGE = Path(qiskit_runtime_rest.__file__).parent
WRONG = ("locked", "senders", "claims", "unusable", "other errors", "tasks", "descriptors")
RESULT = {"results": [{"data": {}, "metadata": {}}], "metadata": {"version": 2}}


class Service:
    """The service and IAM in a thread each connection: jobs complete when they are looked at for the second time.

    Each token is refused when it has been used three times.
    """

    def __init__(self) -> None:
        """Listen on 127.0.0.1."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.tags: Counter[str] = Counter()
        self._jobs: dict[str, list[str]] = {}
        self._looks: Counter[str] = Counter()
        self._uses: Counter[str] = Counter()
        self._numbers = itertools.count()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        """Nothing is left to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError), connection.makefile("rb") as read:
            while line := read.readline():
                method, target, _ = line.decode().split(" ", 2)
                fields: dict[str, str] = {}
                while (field := read.readline().decode().strip()) != "":
                    name, _, value = field.partition(":")
                    fields[name.lower()] = value.strip()
                body = read.read(int(fields.get("content-length", "0")))
                status, answer = self._answer(method, target, fields.get("authorization", ""), body)
                content = json.dumps(answer).encode()
                head = (
                    f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
                )
                connection.sendall(head.encode() + content)

    def _answer(self, method: str, target: str, token: str, body: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        if parts.path == "/identity/token":
            return 200, {"access_token": f"token-{next(self._numbers)}", "expires_in": 3600}
        self._uses[token] += 1
        if self._uses[token] > 3:
            return 401, {"errors": [{"code": 1200, "message": "the token is refused"}]}
        if (method, parts.path) == ("POST", "/api/v1/jobs"):
            job_id = f"job-{next(self._numbers)}"
            self._jobs[job_id] = json.loads(body).get("tags", [])
            self.tags.update(self._jobs[job_id])
            return 200, {"id": job_id, "backend": "b"}
        if parts.path == "/api/v1/jobs":
            tags = set(parse_qs(parts.query).get("tags", []))
            found = [self._job(job_id) for job_id, own in list(self._jobs.items()) if tags <= set(own)]
            return 200, {"jobs": found[:2], "count": len(found[:2]), "limit": 2, "offset": 0}
        if parts.path.endswith("/results"):
            return 200, RESULT
        return 200, self._job(parts.path.rsplit("/", 1)[1])

    def _job(self, job_id: str) -> dict[str, Any]:
        self._looks[job_id] += 1
        status = "Completed" if self._looks[job_id] > 1 else "Queued"
        return {
            "id": job_id,
            "backend": "b",
            "status": status,
            "state": {"status": status},
            "tags": self._jobs.get(job_id, []),
            "program": {"id": "sampler"},
            "created": "2026-04-15T12:00:00Z",
            "cost": 1,
        }


def submit_all(client: Any, name: str) -> Any:
    """Submit one request under this name."""
    request = JobRequest.sampler(CIRCUIT, backend="b", tags=[name])
    return client.jobs.submit_all([request], max_in_flight=1, resume=name)


CALLS: dict[str, Callable[[Any, str], Any]] = {
    "submit": lambda client, name: client.sampler([CIRCUIT], backend="b", tags=[name], timeout=60),
    "submit under a name": submit_all,
    "get": lambda client, _: client.jobs.get("x", timeout=60),
    "wait": lambda client, name: client.jobs.handle(name).wait(timeout=60),
    "result": lambda client, name: client.jobs.handle(name).result(timeout=60),
    "recover": lambda client, _: client.jobs.recover(),
}


class Quick(SystemClock):
    """Sleeps are short."""

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:  # noqa: ARG002
        """Give way to other threads."""
        time.sleep(min(seconds, 0.001))

    async def sleep_async(self, seconds: float) -> None:
        """Give way to other tasks."""
        await asyncio.sleep(min(seconds, 0.001))


def options(service: Service, folder: Path) -> dict[str, Any]:
    """Settings that use all locks and files there are, and one connection."""
    return {
        "api_key": "no-such-key-0123456789",
        "instance": CRN,
        "base_url": f"{service.url}/api",
        "iam_url": service.url,
        "verify": False,
        "limits": httpx.Limits(max_connections=1),
        "retries": RetryPolicy(attempts=2, first=0.01),
        "submissions_per_minute": 1e9,
        "token_cache": folder / "tokens.sqlite",
        "journal": folder / "journal.sqlite",
        "state_path": folder / "state.sqlite",
        "clock": Quick(),
        "submission": SubmissionPolicy(settle=0.05, first=0.01, longest=0.02),
    }


class _Off:
    __setitem__ = ctypes.pythonapi.PyEval_SetTrace


class _Trip:
    __getitem__ = ctypes.pythonapi.PyErr_SetInterrupt


_Off.__setitem__.argtypes, _Off.__setitem__.restype = [ctypes.c_void_p] * 2, None
_Trip.__getitem__.argtypes, _Trip.__getitem__.restype = [ctypes.c_int], None
OFF, TRIP = _Off(), _Trip()
"""`OFF[None] = None` ends tracing, and `TRIP[0]` is Ctrl-C. Python looks for signals after calls, and these are none:
so the traced code is interrupted, where Python itself would do it, and not the function that traces."""


Place = tuple[CodeType, int]
"""An instruction: the code, and where it is in there."""


def places(act: Callable[[], Any]) -> list[Place]:
    """The instructions in a run of `act`, each once, in the order in which they are run for the first time."""
    seen: dict[Place, None] = {}

    def local(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "opcode":
            seen.setdefault((frame.f_code, frame.f_lasti))
        return local

    def start(frame: FrameType, _event: str, _argument: Any) -> Any:
        frame.f_trace_opcodes = True
        return local

    with tracing(start):
        act()
    return list(seen)


def interrupt(act: Callable[[], Any], place: Place) -> BaseException | None:
    """Run `act`, with Ctrl-C before an instruction when it is run for the first time; returns what `act` raised."""
    code, at = place

    def local(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "opcode" and frame.f_lasti == at:
            OFF[None] = None
            TRIP[0]
        return local

    def start(frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code is not code:
            return None  # it runs at its usual speed
        frame.f_trace_opcodes = True
        return local

    try:
        sys.settrace(start)
        act()
        id(None)  # an interrupt at the last instruction is noticed here
    except BaseException as error:
        return error
    finally:
        sys.settrace(None)
    return None


def is_interrupt(error: BaseException | None) -> bool:
    """Whether `error` came of Ctrl-C; the standard library's locks raise a RuntimeError of their own in its place."""
    return isinstance(error, KeyboardInterrupt) or (error is not None and is_interrupt(error.__context__))


def is_free(path: Path) -> bool:
    """Whether nothing holds the state file."""
    with contextlib.closing(sqlite3.connect(path, timeout=0.0, isolation_level=None)) as file:
        try:
            file.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        file.execute("ROLLBACK")
    return True


def descriptors() -> int:
    """The open descriptors of this process, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


class Sweep:
    """Counts what was wrong after each interruption."""

    def __init__(self, call: str, kind: str, service: Service, folder: Path) -> None:
        """`call`: of `CALLS`; `kind`: what is done in the middle of it."""
        self.name = f"{kind}: {call}"
        self.call, self.service, self.folder = CALLS[call], service, folder
        self.counts: Counter[str] = Counter({"places": 0, **dict.fromkeys(WRONG, 0)})
        self.tags = map(f"{kind}-{call}-{{}}".format, itertools.count())
        self._other = ThreadPoolExecutor(1)

    def client(self) -> RuntimeClient:
        """A client that has used all of `call` before."""
        client = RuntimeClient(**options(self.service, self.folder))
        for _ in range(5):
            self.call(client, next(self.tags))
        submit_all(client, next(self.tags))
        return client

    def wrong(self, what: str, where: object) -> None:
        """Count, and say where."""
        self.counts[what] += 1
        print(f"{self.name}: {what}: {where}", flush=True)

    def check_files(self, where: object) -> None:
        """The files must be free."""
        for path in self.folder.glob("*.sqlite"):
            for _ in range(TRIES):  # a thread that was left may be at work
                if is_free(path):
                    break
                time.sleep(TRY_SECONDS)
            else:
                self.wrong("locked", f"{path.name}, {where}")
        with contextlib.closing(sqlite3.connect(self.folder / "journal.sqlite")) as journal:
            for table in ("senders", "claims"):
                if journal.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:  # noqa: S608
                    self.wrong(table, where)
                    journal.execute(f"DELETE FROM {table}")  # noqa: S608
                    journal.commit()

    def check_from_another_thread(self, client: RuntimeClient, where: object) -> bool:
        """A call from another thread must end; it could not, if this thread still had a lock."""
        try:
            self._other.submit(lambda: client.jobs.get("x", timeout=AFTER_SECONDS)).result(2 * AFTER_SECONDS)
        except Exception as error:
            self.wrong("unusable", f"{error!r}, {where}")
            self._other = ThreadPoolExecutor(1)
            return False
        return True

    def close(self, client: RuntimeClient) -> None:
        """In the end."""
        self._other.shutdown()
        client.close()


def interrupts(call: str, service: Service, folder: Path, every: int, first: int = 0) -> Sweep:
    """Ctrl-C at every instruction of a call; at those of other packages in the first call that runs them."""
    sweep = Sweep(call, "Ctrl-C", service, folder)
    client = sweep.client()
    before = {
        place
        for earlier in itertools.takewhile(lambda name: name != call, CALLS)
        for place in places(partial(CALLS[earlier], client, next(sweep.tags)))
    }
    run = places(partial(sweep.call, client, next(sweep.tags)))
    for place in [place for place in run if _is_ours(place) or place not in before][first::every]:
        runs = (interrupt(partial(sweep.call, client, next(sweep.tags)), place) for _ in range(RUNS))
        error = next(filter(None, runs), None)
        if error is None:
            continue
        sweep.counts["places"] += 1
        where = _where(error)
        if not is_interrupt(error):
            sweep.wrong("other errors", f"{error!r}, {where}")
        # `error` is kept meanwhile, as notebooks keep it.
        sweep.check_files(where)
        if not sweep.check_from_another_thread(client, where):
            client = sweep.client()
    sweep.close(client)
    return sweep


def _is_ours(place: Place) -> bool:
    return Path(place[0].co_filename).is_relative_to(PACKAGE)


def _where(error: BaseException) -> str:
    frames = reversed(traceback.extract_tb(error.__traceback__)[-4:])
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


class Waits:
    """Counts how often a task, and the tasks that it starts, wait, and calls `act` when it is the `number`-th time."""

    def __init__(self, number: int, act: Callable[[], Any]) -> None:
        """Nothing runs yet."""
        self.passed, self._number, self._act = 0, number, act

    def task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
        """A task; a factory of the event loop's tasks."""
        return asyncio.Task(self._counted(coroutine), loop=loop, **more)

    async def _counted(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await _Counted(coroutine, self._pass)

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self._number:
            self._act()


class _Counted:
    def __init__(self, coroutine: Coroutine[Any, Any, Any], at_wait: Callable[[], Any]) -> None:
        self._coroutine, self._at_wait = coroutine, at_wait

    def __await__(self) -> Generator[Any, Any, Any]:
        outcome: Any = None
        step: Callable[[Any], Any] = self._coroutine.send
        while True:
            try:
                waiting = step(outcome)
            except StopIteration as done:
                return done.value
            self._at_wait()
            try:
                step, outcome = self._coroutine.send, (yield waiting)
            except BaseException as error:
                step, outcome = self._coroutine.throw, error


def awaits(call: str, service: Service, folder: Path, kind: str) -> Sweep:
    """Cancel a call of a task, or close its client, each time that it waits."""
    sweep = Sweep(call, kind, service, folder)
    asyncio.run(_awaits(sweep, closes=kind == "closed"))
    return sweep


async def _awaits(sweep: Sweep, *, closes: bool) -> None:
    async def opened() -> AsyncRuntimeClient:
        client = AsyncRuntimeClient(**options(sweep.service, sweep.folder))
        for _ in range(3):
            await sweep.call(client, next(sweep.tags))
        await submit_all(client, next(sweep.tags))
        return client

    client = await opened()
    await client.jobs.get("x")
    loop = asyncio.get_running_loop()
    tasks, files = len(asyncio.all_tasks()), descriptors()
    for number in itertools.count(1):
        begun: list[asyncio.Task[Any]] = []
        closing: list[asyncio.Task[Any]] = []

        def act(client: Any = client, begun: Any = begun, closing: Any = closing) -> None:
            if closes:
                closing.append(asyncio.Task(client.aclose(), loop=loop))
            else:
                begun[0].cancel()

        waits = Waits(number, act)
        loop.set_task_factory(waits.task)
        begun.append(asyncio.ensure_future(sweep.call(client, next(sweep.tags))))
        done, _ = await asyncio.wait(begun, timeout=AFTER_SECONDS)
        loop.set_task_factory(None)
        where = f"wait {number}"
        if not done:
            sweep.wrong("unusable", f"{where}: the call did not end")
        elif not begun[0].cancelled() and not isinstance(begun[0].exception(), RuntimeRestError | None):
            sweep.wrong("other errors", f"{where}: {begun[0].exception()!r}")
        if waits.passed < number:
            break
        sweep.counts["places"] += 1
        await asyncio.gather(*closing)
        if closes:
            client = await opened()
        await asyncio.to_thread(sweep.check_files, where)
        try:
            await asyncio.wait_for(client.jobs.get("x", timeout=5.0), AFTER_SECONDS)
        except Exception as error:
            sweep.wrong("unusable", f"{where}: {error!r}")
            client = await opened()
        if len(asyncio.all_tasks()) > tasks:
            sweep.wrong("tasks", f"{where}: {asyncio.all_tasks()}")
        del begun, closing, done, waits, act
        for _ in range(TRIES):  # the other ends are in this process, too
            gc.collect()
            if descriptors() <= files:
                break
            await asyncio.sleep(TRY_SECONDS)
        else:
            sweep.wrong("descriptors", f"{where}: {descriptors()} and not {files}")
            files = descriptors()
    await client.aclose()


def forked(call: str, service: Service, folder: Path, every: int, first: int = 0) -> Sweep:
    """Fork at each line of a call in other threads; the child uses the client, and so does the thread."""
    sweep = Sweep(call, "fork", service, folder)
    client = sweep.client()
    for code, line in _lines(partial(sweep.call, client, next(sweep.tags)))[first::every]:
        reached, go = threading.Event(), threading.Event()

        def local(
            frame: FrameType, event: str, _argument: Any, line: int = line,
            reached: threading.Event = reached, go: threading.Event = go,
        ) -> Any:  # fmt: skip
            if event == "line" and frame.f_lineno == line and not reached.is_set():
                reached.set()
                go.wait(AFTER_SECONDS)
            return local

        def start(frame: FrameType, _event: str, _argument: Any, code: CodeType = code, local: Any = local) -> Any:
            return local if frame.f_code is code else None

        def work(act: Callable[[], Any], start: Any = start, reached: threading.Event = reached) -> None:
            with tracing(start, threads=True):
                act()
            reached.set()

        thread = threading.Thread(target=work, args=[partial(sweep.call, client, next(sweep.tags))])
        thread.start()
        reached.wait(AFTER_SECONDS)
        # Within a transaction a fork waits for its end, so the thread must go on.
        if forks.no_fork.acquire(blocking=False):
            forks.no_fork.release()
        else:
            sweep.counts["delayed"] += 1
            go.set()
        child = os.fork()
        if child == 0:
            _use(client)
        go.set()
        sweep.counts["places"] += 1
        where = f"{Path(code.co_filename).name}:{line}"
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            sweep.wrong("unusable", f"in the child, {where}")
        thread.join(AFTER_SECONDS)
        if thread.is_alive() or not sweep.check_from_another_thread(client, where):
            sweep.wrong("unusable", f"in the parent, {where}")
            client = sweep.client()
    sweep.close(client)
    return sweep


def _lines(act: Callable[[], Any]) -> list[tuple[CodeType, int]]:
    seen: dict[tuple[CodeType, int], None] = {}

    def local(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            seen.setdefault((frame.f_code, frame.f_lineno))
        return local

    with tracing(lambda *_: local, threads=True):
        act()
    return list(seen)


def _use(client: RuntimeClient) -> None:
    """In a child: one call, and the end."""
    signal.alarm(int(AFTER_SECONDS))
    try:
        with contextlib.suppress(AuthenticationError):  # the parent used up the shared token meanwhile
            client.jobs.get("x", timeout=5.0)
            os._exit(0)
        client.jobs.get("x", timeout=5.0)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


Part = tuple[str, str, int]
"""A kind, a call, and which part of its places."""


def parts() -> Iterator[Part]:
    """All of them: together they are the whole."""
    yield from itertools.product(("cancelled", "closed"), CALLS, (0,))
    for first in range(PARTS):
        yield from itertools.product(("fork", "Ctrl-C"), CALLS, (first,))


def run_part(part: Part, every: int) -> dict[str, int]:
    """Run one part in this process; returns its figures."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore Ctrl-C for what runs in the background
    logging.getLogger("qiskit_runtime_rest").setLevel(logging.CRITICAL)
    kind, call, first = part
    shared = Path("/dev/shm")  # noqa: S108 - memory, if there is: nothing need be durable
    with Service() as service, tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        if kind in ("Ctrl-C", "fork"):
            sweep = {"Ctrl-C": interrupts, "fork": forked}[kind](
                call, service, Path(name), every * PARTS, first * every
            )
        else:
            sweep = awaits(call, service, Path(name), kind)
    return dict(sweep.counts)


class Report:
    """The figures of the parts that are done, in a file, if there is one: a run that was stopped goes on from there."""

    def __init__(self, path: Path | None, command: str) -> None:
        """Read what an earlier run of the same command left."""
        self._path, self._command = path, command
        self.done: dict[Part, dict[str, int]] = {}
        before = json.loads(path.read_text()) if path and path.exists() else {}
        if before.get("command") == command:
            self.done = {(kind, call, first): counts for kind, call, first, counts in before.get("parts", [])}

    def add(self, part: Part, counts: dict[str, int]) -> None:
        """Keep the figures of a part."""
        self.done[part] = counts
        self._write({"parts": [[*one, figures] for one, figures in self.done.items()]})

    def end(self) -> dict[str, dict[str, int]]:
        """Sum the parts."""
        sums: dict[str, Counter[str]] = {f"{kind}: {call}": Counter() for kind, call, _ in parts()}
        for (kind, call, _), counts in self.done.items():
            sums[f"{kind}: {call}"].update(counts)
        figures = {name: dict(counts) for name, counts in sums.items()}
        self._write({"figures": figures})
        return figures

    def _write(self, content: dict[str, Any]) -> None:
        if self._path:
            self._path.write_text(json.dumps({"command": self._command, **content}))


def main() -> int:
    """Print the figures; the exit status is 1 if something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.sweep", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every N-th instruction or line")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many parts run at a time")
    parser.add_argument("--report", type=Path, help="write the figures to this file, as JSON; a stopped run goes on")
    chosen = parser.parse_args()
    report = Report(chosen.report, "make sweep" + (f" SWEEP='--every {chosen.every}'" if chosen.every > 1 else ""))
    with ProcessPoolExecutor(chosen.processes, get_context("spawn"), max_tasks_per_child=1) as pool:
        left = {pool.submit(run_part, part, chosen.every): part for part in parts() if part not in report.done}
        for future in as_completed(left):
            report.add(left[future], future.result())
            print(*left[future], *(f"{name} {number:,}" for name, number in future.result().items()), flush=True)
    figures = report.end()
    for name, counts in figures.items():
        print(f"{name:32}", *(f"{what} {number:,}" for what, number in counts.items()), sep="  ")
    return int(any(counts[name] for counts in figures.values() for name in WRONG))


if __name__ == "__main__":
    sys.exit(main())
