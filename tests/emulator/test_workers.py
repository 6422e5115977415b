"""Workers run jobs in processes that can be killed and end with the server."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from attrs import evolve

from qiskit_runtime_rest.emulator import devices, programs, worker, worker_template
from qiskit_runtime_rest.emulator import workers as workers_module
from qiskit_runtime_rest.emulator.workers import Workers

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
FLIP = f"{HEADER} bit[1] c; x $0; c[0] = measure $0;"
SHORT = {"pubs": [[FLIP, None, 10]]}
# What is run depends on a measurement, so the simulator goes through the shots one by one: for minutes.
ENDLESS = {
    "pubs": [
        [
            f"{HEADER} bit[1] m; bit[1] c; sx $0; m[0] = measure $0; if (m[0]) {{ x $0; }} c[0] = measure $0;",
            None,
            5_000_000,
        ]
    ]
}


# Nothing is too long for these workers, and nothing too heavy.
PATIENT = programs.Policy(simulation_seconds=1e9)


def quick(workers: Workers) -> Future[programs.Outcome]:
    """A job that fails without any import: the emulator refuses this program."""
    return workers.submit("runtime-simple", {}, device=devices.get("ibm_torino"), seed=1)


def answered(future: Future[programs.Outcome]) -> bool:
    outcome = future.result(60)
    return isinstance(outcome, programs.Failure) and outcome.code == 3211


def until(condition: Callable[[], Any]) -> Any:
    """Wait for another process; fails after a minute."""
    pause = threading.Event()
    for _ in range(3000):
        if value := condition():
            return value
        pause.wait(0.02)
    raise AssertionError("it did not happen")


OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def others() -> None:
    """Remember the processes that other tests of this process keep."""
    OTHERS.clear()
    OTHERS.update(child.pid for child in psutil.Process().children(recursive=True))


def children() -> list[psutil.Process]:
    """The workers; on Linux they are children of the template."""
    found = [child for child in psutil.Process().children(recursive=True) if child.pid not in OTHERS]
    with contextlib.suppress(psutil.NoSuchProcess):
        return [child for child in found if child.ppid() != os.getpid() or sys.platform != "linux"]
    return children()


def busy(seconds: float) -> list[psutil.Process]:
    """Worker processes that have computed for so long."""
    return [child for child in children() if child.cpu_times().user > seconds]


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(policy=PATIENT) as pool:
        yield pool


def test_a_job_runs_as_it_does_in_this_process(workers: Workers) -> None:
    outcome = workers.submit("sampler", SHORT, device=devices.get("ibm_torino"), seed=4).result(60)
    here = programs.run("sampler", SHORT, device=devices.get("ibm_torino"), seed=4)
    assert isinstance(outcome, programs.Completed)
    assert isinstance(here, programs.Completed)
    assert json.loads(outcome.body)["results"] == json.loads(here.body)["results"]
    assert outcome.metrics == here.metrics


def test_a_worker_is_used_again(workers: Workers) -> None:
    for _ in range(3):
        assert answered(quick(workers))
        pids = {child.pid for child in children()}
        assert len(pids) == 1
        assert pids == {child.pid for child in children()}


def test_workers_ignore_an_interrupt_at_the_terminal(workers: Workers) -> None:
    assert answered(quick(workers))
    [child] = children()
    child.send_signal(signal.SIGINT)
    assert answered(quick(workers))
    assert children() == [child]


def test_no_process_is_started_before_it_is_needed(workers: Workers) -> None:
    assert children() == []


def test_a_warm_worker_has_imported_what_it_needs_before_the_first_job() -> None:
    with Workers(warm=True):
        [child] = until(children)
        until(lambda: any("qiskit_aer" in mapped.path for mapped in child.memory_maps()))


def test_a_running_job_can_be_cancelled_and_the_others_go_on() -> None:
    with Workers(count=2, policy=PATIENT) as workers:
        endless = workers.submit("sampler", ENDLESS, device=devices.get("ibm_torino"), seed=1)
        other = quick(workers)
        assert answered(other)
        assert endless.running()
        before = children()
        assert workers.cancel(endless)
        outcome = endless.result(60)
        assert isinstance(outcome, programs.Failure)
        assert outcome.code == 5202
        until(lambda: sum(child.is_running() for child in before) == 1)
        assert all(answered(future) for future in [quick(workers), quick(workers)])


def test_a_queued_job_can_be_cancelled(workers: Workers) -> None:
    running = workers.submit("sampler", ENDLESS, device=devices.get("ibm_torino"), seed=1)
    queued = quick(workers)
    until(running.running)
    assert not queued.running()
    assert workers.cancel(queued)
    outcome = queued.result(0)
    assert isinstance(outcome, programs.Failure)
    assert outcome.code == 5202
    assert not running.done()


def test_a_queued_future_can_also_be_cancelled_by_its_own_method(workers: Workers) -> None:
    running = workers.submit("sampler", ENDLESS, device=devices.get("ibm_torino"), seed=1)
    queued = quick(workers)
    after = quick(workers)
    until(running.running)
    assert queued.cancel()
    assert workers.cancel(running)
    assert answered(after)
    assert queued.cancelled()


def test_a_finished_job_cannot_be_cancelled(workers: Workers) -> None:
    future = quick(workers)
    assert answered(future)
    assert not workers.cancel(future)


@pytest.fixture
def own_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template that no other test has started."""
    template = worker_template.Template()
    for module in (worker, workers_module):
        monkeypatch.setattr(module, "TEMPLATE", template)


@pytest.mark.usefixtures("own_template")
def test_a_worker_that_dies_fails_its_job_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    with Workers(policy=PATIENT) as workers:
        doomed = workers.submit("sampler", ENDLESS, device=devices.get("ibm_torino"), seed=1)
        after = quick(workers)
        [child] = until(lambda: busy(0.3))
        child.send_signal(signal.SIGSEGV)
        outcome = doomed.result(60)
        assert isinstance(outcome, programs.Failure)
        assert outcome.code == 5203
        assert "SIGSEGV" in outcome.reason
        assert "Fatal Python error: Segmentation fault" in outcome.log
        assert answered(after)


class Unreadable:
    """Pickles, and cannot be unpickled."""

    def __reduce__(self) -> Any:
        return int, ("not a number",)


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.mark.parametrize("bad", [nested(100_000), Unreadable(), threading.Lock()])
def test_params_that_do_not_reach_the_worker_fail_their_job_only(workers: Workers, bad: Any) -> None:
    for _ in range(2):
        outcome = workers.submit("sampler", {"pubs": bad}, device=devices.get("ibm_torino"), seed=1).result(60)
        assert isinstance(outcome, programs.Failure)
        assert outcome.code == 5203
    assert answered(quick(workers))


def test_a_worker_that_died_while_idle_is_replaced(workers: Workers) -> None:
    assert answered(quick(workers))
    [child] = children()
    child.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert answered(quick(workers))


@pytest.mark.usefixtures("own_template")
def test_a_job_fails_when_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    with Workers() as workers:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/nowhere/python")
            outcome = quick(workers).result(60)
        assert answered(quick(workers))
    assert isinstance(outcome, programs.Failure)
    assert outcome.code == 5203
    assert "no worker process could be started" in outcome.reason


@pytest.mark.usefixtures("own_template")
def test_warm_workers_go_on_if_no_process_could_be_started_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as stack:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/nowhere/python")
            workers = stack.enter_context(Workers(warm=True))
            outcome = quick(workers).result(60)
        assert isinstance(outcome, programs.Failure)
        assert "no worker process could be started" in outcome.reason
        assert answered(quick(workers))


@pytest.mark.usefixtures("own_template")
def test_a_template_that_ended_is_replaced() -> None:
    with Workers(policy=PATIENT) as workers:
        assert answered(quick(workers))
        [child] = children()
        child.parent().kill()
        until(lambda: not child.is_running())
        assert answered(quick(workers))


@pytest.mark.usefixtures("own_template")
def test_a_template_ends_with_the_last_workers() -> None:
    with Workers() as first:
        assert answered(quick(first))
        with Workers() as second:
            assert answered(quick(second))
            assert len({child.ppid() for child in children()}) == 1
        assert answered(quick(first))
        [child] = children()
        template = child.parent()
    assert not template.is_running()


@contextlib.contextmanager
def changed_template(monkeypatch: pytest.MonkeyPatch, change: str, *, warm: bool) -> Iterator[worker_template.Started]:
    """A worker of a template that imports nothing for programs, and first of all runs `change`."""
    command = worker_template._command
    monkeypatch.setattr(worker_template, "_command", lambda code: command(f"{LOADS_NOTHING}{change}\n{code}"))
    template = worker_template.Template()
    template.hold()
    try:
        with Path(os.devnull).open("wb") as errors, template.start(warm=warm, errors=errors) as started:
            yield started
    finally:
        template.release()


LOADS_NOTHING = """
import os, time
from qiskit_runtime_rest.emulator import programs, worker_process
loaded = []
programs.load = lambda *, everything=False: loaded.append(everything)
"""
TELLS = "worker_process.main = lambda *, parent, warm: os.write(1, repr((loaded, warm)).encode())"
ENDS_AFTER_A_FORK = """
fork = os.fork
def ends():
    template = os.getpid()
    if fork():
        os._exit(0)
    while os.getppid() == template:
        time.sleep(0.01)
    return 0
os.fork = ends
"""


@pytest.mark.skipif(not worker_template.FORKS, reason="only Linux forks workers")
@pytest.mark.parametrize(("warm", "told"), [(False, ([False], False)), (True, ([False, True], True))])
def test_a_template_imports_everything_for_warm_workers(
    monkeypatch: pytest.MonkeyPatch, warm: bool, told: tuple[list[bool], bool]
) -> None:
    with changed_template(monkeypatch, TELLS, warm=warm) as started:
        assert started.stdout is not None
        assert ast.literal_eval(started.stdout.read().decode()) == told


@pytest.mark.skipif(not worker_template.FORKS, reason="only Linux forks workers")
def test_a_worker_that_is_forked_while_its_template_ends_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets no signal for that, and its standard input stays open."""
    with changed_template(monkeypatch, ENDS_AFTER_A_FORK, warm=False) as started:
        assert started.stdout is not None
        readable, _, _ = select.select([started.stdout], [], [], 60)
        assert readable
        assert started.stdout.read() == b""


@pytest.mark.usefixtures("own_template")
def test_workers_of_other_systems_are_interpreters_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_template, "FORKS", False)

    def own() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if child.pid not in OTHERS]

    with Workers() as workers:
        assert answered(quick(workers))
        [first] = own()
        assert "worker_process import main" in first.cmdline()[-1]
        assert "warm=False" in first.cmdline()[-1]
        assert first.children() == []
        first.kill()
        assert answered(quick(workers))
        [second] = own()
        assert second.pid != first.pid
    assert own() == []
    with Workers(warm=True):
        [warm] = until(own)
        until(lambda: "warm=True" in warm.cmdline()[-1])
    assert own() == []


def test_a_cancelled_job_costs_no_second_import() -> None:
    """The next worker is forked, so it starts in a fraction of the processor time of the imports."""
    with Workers(policy=PATIENT) as workers:
        job = workers.submit("sampler", ENDLESS, device=devices.get("ibm_torino"), seed=1)
        until(job.running)
        assert workers.cancel(job)
        short = workers.submit("sampler", SHORT, device=devices.get("ibm_torino"), seed=1)
        assert isinstance(short.result(60), programs.Completed)
        [child] = children()
        assert child.cpu_times().user < 0.5 * child.parent().cpu_times().user


def test_closing_cancels_everything_and_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())
    workers = Workers(count=2, policy=PATIENT)
    futures = [workers.submit("sampler", ENDLESS, device=devices.get("ibm_torino"), seed=1) for _ in range(4)]
    until(lambda: len(children()) == 2)
    workers.close()
    workers.close()
    outcomes = [future.result(0) for future in futures]
    assert {outcome.code for outcome in outcomes if isinstance(outcome, programs.Failure)} == {5202}
    assert children() == []
    left = set(threading.enumerate()) - before
    assert not any(thread.name.startswith("emulator-worker") for thread in left)
    with pytest.raises(RuntimeError, match="closed"):
        workers.submit("sampler", SHORT, device=devices.get("ibm_torino"), seed=1)


def test_light_jobs_do_not_wait_for_heavy_ones() -> None:
    heavy = threading.Event()
    with Workers(policy=evolve(PATIENT, light_seconds=5.0)) as workers:
        endless = [
            workers.submit("sampler", ENDLESS, device=devices.get("ibm_torino"), seed=1, on_heavy=heavy.set)
            for _ in range(2)
        ]
        short = workers.submit("sampler", SHORT, device=devices.get("ibm_torino"), seed=1)
        assert isinstance(short.result(60), programs.Completed)
        assert heavy.wait(60)
        assert [one.running() for one in endless] == [True, True]
        assert all(workers.cancel(one) for one in endless)
        outcomes = [one.result(60) for one in endless]
        assert {one.code for one in outcomes if isinstance(one, programs.Failure)} == {5202}


def test_a_heavy_job_has_the_same_result() -> None:
    params = {"pubs": [[FLIP, None, 100]]}
    with Workers(policy=programs.Policy(light_seconds=1e-9)) as workers:
        outcome = workers.submit("sampler", params, device=devices.get("ibm_torino"), seed=4).result(60)
    here = programs.run("sampler", params, device=devices.get("ibm_torino"), seed=4)
    assert isinstance(outcome, programs.Completed)
    assert isinstance(here, programs.Completed)
    assert json.loads(outcome.body)["results"] == json.loads(here.body)["results"]


def test_all_workers_are_warm_after_the_first_job() -> None:
    with Workers(count=2) as workers:
        assert isinstance(
            workers.submit("sampler", SHORT, device=devices.get("ibm_torino"), seed=1).result(60), programs.Completed
        )
        until(lambda: len(children()) == 2)
        until(lambda: all(any("qiskit_aer" in one.path for one in child.memory_maps()) for child in children()))


def test_workers_judge_circuits_as_the_policy_says() -> None:
    params = {"pubs": [[f"{HEADER} bit[1] c; h $0; c[0] = measure $0;", None, 10]]}
    with Workers(policy=programs.Policy(lenient=True)) as workers:
        outcome = workers.submit("sampler", params, device=devices.get("ibm_torino"), seed=1).result(60)
    assert isinstance(outcome, programs.Completed)


def test_workers_compute_in_one_thread_each(workers: Workers) -> None:
    assert answered(quick(workers))
    [child] = children()
    environment = child.environ()
    assert environment["OMP_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == "1"


SERVER = """
import json, signal, sys, psutil, threading
from qiskit_runtime_rest.emulator import devices, programs
from qiskit_runtime_rest.emulator.workers import Workers
# A shell that starts this in the background makes it ignore the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
workers = Workers(policy=programs.Policy(simulation_seconds=1e9))
workers.submit("sampler", json.loads(sys.argv[1]), device=devices.get("ibm_torino"), seed=1)
child = None
while child is None or child.cpu_times().user < float(sys.argv[2]):
    # On Linux, the first one is the template of the worker.
    child = next(reversed(psutil.Process().children(recursive=True)[sys.platform == "linux":]), None)
    threading.Event().wait(0.02)
print(child.pid, flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize(
    ("signal_number", "params", "busy_for"), [(signal.SIGKILL, ENDLESS, 2.5), (signal.SIGINT, SHORT, 0.0)]
)
def test_workers_end_with_a_server_that_is_killed(
    signal_number: int, params: Any, busy_for: float, tmp_path: Path
) -> None:
    # Not guarded by `if __name__ == "__main__"`, as a user's script may be.
    script = tmp_path / "script.py"
    script.write_text(SERVER)
    server = subprocess.Popen(
        [sys.executable, str(script), json.dumps(params), str(busy_for)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    with server:
        try:
            worker = psutil.Process(int(server.stdout.readline()))
            os.kill(server.pid, signal_number)
            server.wait(60)
        finally:
            server.kill()
    psutil.wait_procs([worker], timeout=60)
    assert not worker.is_running()
