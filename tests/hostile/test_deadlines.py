"""A call ends half a second after its `timeout=` at the latest, with a typed error: whatever raw sockets send.

What the machine itself was late by does not count. `build/deadlines.json` gets the figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme

from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    ConfigurationError,
    JobRequest,
    RateLimited,
    RetryPolicy,
    RuntimeClient,
    RuntimeRestError,
    ServerError,
    SubmissionPolicy,
    SubmissionUnknown,
    TransportError,
    WaitTimeout,
)
from qiskit_runtime_rest.client import backends, client, instances, job, jobs, sessions, submit
from qiskit_runtime_rest.config.state_file import State
from qiskit_runtime_rest.http import retrying
from qiskit_runtime_rest.submission import submitter
from qiskit_runtime_rest.waiting import wait_budget
from tools.chaos import Machine

from ..fixtures.faces import Connect, Face, closing_faces
from ..fixtures.loopback import API_KEY, CRN
from ..fixtures.service import BELL
from .raw_servers import ATTACKS, FLOODS, TLS_ATTACKS, RawServer, answer, fine, read_request

pytestmark = pytest.mark.filterwarnings("ignore:.*get_instance")

TIMEOUT = 0.3
TIMEOUTS = (0.2, 0.3, 0.4, 0.5)
"""Calls that are made at once do not all end at once: that would measure how fast the machine makes exceptions."""

LATE_SECONDS = 0.5
TOKEN = {"access_token": "t", "expires_in": 3600}
QUEUED = {"id": "x", "status": "Queued", "state": {"status": "Queued"}}
REPORT = Path(__file__).parents[2] / "build" / "deadlines.json"

Call = Callable[[Any, float | None], Any]


def _session(one: Any) -> Any:
    return one.sessions._handle({"id": "s"}, "s")


def _backend(one: Any) -> Any:
    return one.backends._backend(one._connection, {"name": "b"})


WAITS: Mapping[str, Call] = {
    "Job.wait": lambda one, timeout: one.jobs.handle("x").wait(timeout=timeout),
    "Job.result": lambda one, timeout: one.jobs.handle("x").result(timeout=timeout),
    "Jobs.wait_all": lambda one, timeout: one.jobs.wait_all(["x", "y", "z"], timeout=timeout),
    "Jobs.as_completed": lambda one, timeout: one.jobs.as_completed(["x", "y", "z"], timeout=timeout),
    "Session.wait": lambda one, timeout: _session(one).wait(timeout=timeout),
}
SUBMISSIONS: Mapping[str, Call] = {
    "Submissions.sampler": lambda one, timeout: one.sampler([BELL], backend="b", timeout=timeout),
    "Submissions.estimator": lambda one, timeout: one.estimator([(BELL, "ZZ")], backend="b", timeout=timeout),
    "Submissions.executor": lambda one, timeout: one.executor([BELL], backend="b", shots=1, timeout=timeout),
    "Submissions.submit": lambda one, timeout: one.jobs.submit("sampler", params={}, backend="b", timeout=timeout),
    "Submissions.submit_all": lambda one, timeout: one.jobs.submit_all(
        [JobRequest.sampler([BELL], backend="b")] * 3, timeout=timeout
    ),
    "SessionSubmissions.sampler": lambda one, timeout: _session(one).sampler([BELL], backend="b", timeout=timeout),
    "SessionSubmissions.estimator": lambda one, timeout: _session(one).estimator(
        [(BELL, "ZZ")], backend="b", timeout=timeout
    ),
    "SessionSubmissions.executor": lambda one, timeout: _session(one).executor(
        [BELL], backend="b", shots=1, timeout=timeout
    ),
    "SessionSubmissions.submit": lambda one, timeout: _session(one).submit(
        "sampler", params={}, backend="b", timeout=timeout
    ),
}
OTHERS: Mapping[str, Call] = {
    "Backend.status": lambda one, timeout: _backend(one).status(timeout=timeout),
    "Backend.configuration": lambda one, timeout: _backend(one).configuration(timeout=timeout),
    "Backend.properties": lambda one, timeout: _backend(one).properties(timeout=timeout),
    "Backends.list": lambda one, timeout: one.backends.list(timeout=timeout),
    "Backends.get": lambda one, timeout: one.backends.get("b", timeout=timeout),
    "Backends.least_busy": lambda one, timeout: one.backends.least_busy(timeout=timeout),
    "Backends.status": lambda one, timeout: one.backends.status("b", timeout=timeout),
    "Backends.configuration": lambda one, timeout: one.backends.configuration("b", timeout=timeout),
    "Backends.properties": lambda one, timeout: one.backends.properties("b", timeout=timeout),
    "RuntimeClient.usage": lambda one, timeout: one.usage(timeout=timeout),
    "RuntimeClient.versions": lambda one, timeout: one.versions(timeout=timeout),
    "Instances.get": lambda one, timeout: one.instances.get(timeout=timeout),
    "Instances.configuration": lambda one, timeout: one.instances.configuration(timeout=timeout),
    "Instances.usage": lambda one, timeout: one.instances.usage(timeout=timeout),
    "Job.refresh": lambda one, timeout: one.jobs.handle("x").refresh(timeout=timeout),
    "Job.status": lambda one, timeout: one.jobs.handle("x").status(timeout=timeout),
    "Job.cancel": lambda one, timeout: one.jobs.handle("x").cancel(timeout=timeout),
    "Job.delete": lambda one, timeout: one.jobs.handle("x").delete(timeout=timeout),
    "Job.logs": lambda one, timeout: one.jobs.handle("x").logs(timeout=timeout),
    "Job.metrics": lambda one, timeout: one.jobs.handle("x").metrics(timeout=timeout),
    "Job.replace_tags": lambda one, timeout: one.jobs.handle("x").replace_tags(["a"], timeout=timeout),
    "Jobs.get": lambda one, timeout: one.jobs.get("x", timeout=timeout),
    "Jobs.find": lambda one, timeout: one.jobs.find("a-tag", timeout=timeout),
    "Jobs.list": lambda one, timeout: one.jobs.list(timeout=timeout),
    "Session.status": lambda one, timeout: _session(one).status(timeout=timeout),
    "Session.close": lambda one, timeout: _session(one).close(timeout=timeout),
    "Session.cancel": lambda one, timeout: _session(one).cancel(timeout=timeout),
    "Sessions.get": lambda one, timeout: one.sessions.get("s", timeout=timeout),
    "Sessions.list": lambda one, timeout: one.sessions.list(timeout=timeout),
    "Sessions.create": lambda one, timeout: one.sessions.create(backend="b", timeout=timeout),
}
ATTACKED = (*WAITS, *SUBMISSIONS, *OTHERS)
CALLS: Mapping[str, Call] = {
    **WAITS,
    **SUBMISSIONS,
    **OTHERS,
    "Jobs.recover": lambda one, timeout: one.jobs.recover(timeout=timeout),
}

REFUSED = (ServerError, RateLimited)
MAY_END_IN: Mapping[str, tuple[type[Exception], ...]] = {
    **dict.fromkeys(WAITS, (WaitTimeout,)),
    **dict.fromkeys(SUBMISSIONS, (SubmissionUnknown, TransportError, *REFUSED)),
    **dict.fromkeys(OTHERS, (TransportError, *REFUSED)),
}


def queued_seconds() -> float:
    """For how long this thread was ready, and waited for a processor; 0 where the system does not say."""
    path = Path("/proc/thread-self/schedstat")
    return int(path.read_text().split()[1]) / 1e9 if path.exists() else 0.0


class Watch:
    """Measures by how much calls outlast their time-outs, without what the machine was late by."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.figures = {"calls": 0, "late": 0}
        self.worst = 0.0

    def ended(self, name: str, deadline: float, outcome: Any, may_end_in: tuple[type[Any], ...], queued: float) -> str:
        """What was wrong with a call; empty: nothing. `queued`: `queued_seconds` at its start."""
        over = time.monotonic() - deadline
        late = max(self.machine.late_since(deadline), queued_seconds() - queued)
        counted = over if over <= LATE_SECONDS else over - late
        self.figures["calls"] += 1
        self.worst = max(self.worst, counted)
        if name == "Submissions.submit_all" and isinstance(outcome, list):
            outcome = next((each.error for each in outcome if each.error is not None), outcome)
        if counted > LATE_SECONDS:
            self.figures["late"] += 1
            return f"{name}: {over:.2f} s late ({over - counted:.2f} s of it the machine): {outcome!r}"
        return "" if isinstance(outcome, may_end_in) else f"{name}: {outcome!r}"


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    with RawServer(ATTACKS["reset"]) as server, closing_faces(RuntimeClient) as make:
        face = make(api_key=API_KEY, instance=CRN, verify=False, base_url=f"{server.url}/api", iam_url=server.url)
        for name in ATTACKED:
            with contextlib.suppress(RuntimeRestError):  # modules are imported when they are first needed
                CALLS[name](face.client, 0)
    one = Watch()
    yield one
    one.machine.stop()
    REPORT.parent.mkdir(exist_ok=True)
    attacks = len(ATTACKS) + len(FLOODS) + len(TLS_ATTACKS)
    figures = {"attacks": attacks, **one.figures, "worst milliseconds": round(1000 * one.worst)}
    command = "make hostile HOSTILE=tests/hostile/test_deadlines.py"
    REPORT.write_text(json.dumps({"command": command, "figures": figures}))


@pytest.fixture(params=[RuntimeClient, AsyncRuntimeClient], ids=["threads", "tasks"])
def connect(request: pytest.FixtureRequest, home: Path) -> Iterator[Connect]:
    del home  # no configuration of the machine reaches a client
    options = {"api_key": API_KEY, "instance": CRN, "verify": False}
    with closing_faces(request.param) as make:
        yield lambda **more: make(**(options | more))


def ended(
    face: Face,
    watch: Watch,
    names: Iterable[str],
    timeouts: Iterable[float | None] = TIMEOUTS,
    *,
    may_end_in: tuple[type[Any], ...] = (),
    limit: float = 0.0,
) -> list[str]:
    """Make calls at once, with `timeouts` in turn; what was wrong with them.

    `may_end_in`: errors, or outcomes; those of `MAY_END_IN` if there are none. `limit`: seconds for a call without a
    time-out.
    """
    calls = list(zip(names, itertools.cycle(timeouts)))

    async def in_task(name: str, timeout: float | None) -> str:
        deadline, queued = time.monotonic() + (limit if timeout is None else timeout), queued_seconds()
        outcome: Any
        try:
            outcome = CALLS[name](face.client, timeout)
            outcome = [item async for item in outcome] if hasattr(outcome, "__aiter__") else await outcome
        except Exception as error:
            outcome = error
        return watch.ended(name, deadline, outcome, may_end_in or MAY_END_IN[name], queued)

    async def in_tasks(_client: Any) -> list[str]:
        return await asyncio.gather(*(in_task(*call) for call in calls))

    def in_thread(call: tuple[str, float | None]) -> str:
        name, timeout = call
        deadline, queued = time.monotonic() + (limit if timeout is None else timeout), queued_seconds()
        outcome: Any
        try:
            outcome = face.do(lambda client: CALLS[name](client, timeout))
        except Exception as error:
            outcome = error
        return watch.ended(name, deadline, outcome, may_end_in or MAY_END_IN[name], queued)

    if face.is_async:
        found = face.do(in_tasks)
    else:
        with ThreadPoolExecutor(len(calls)) as pool:
            found = list(pool.map(in_thread, calls))
    return [wrong for wrong in found if wrong]


def test_every_method_with_a_deadline_is_attacked() -> None:
    classes = [
        *(backends.Backend, backends.Backends, client.RuntimeClient, instances.Instances, job.Job, jobs.Jobs),
        *(sessions.Session, sessions.Sessions, submit.Submissions, submit.SessionSubmissions),
    ]
    methods = {
        f"{each.__name__}.{name}"
        for each in classes
        for name, method in vars(each).items()
        if "timeout" in getattr(getattr(method, "__code__", None), "co_varnames", ()) and not name.startswith("_")
    }
    assert methods == set(CALLS)


@contextlib.contextmanager
def under_attack(connect: Connect, where: str, server: RawServer, **options: Any) -> Iterator[Face]:
    with RawServer(fine(TOKEN if where == "the service" else QUEUED)) as other:
        urls = (server.url, other.url) if where == "the service" else (other.url, server.url)
        yield connect(base_url=f"{urls[0]}/api", iam_url=urls[1], **options)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("where", ["the service", "IAM"])
def test_every_call_ends_under_attack(connect: Connect, watch: Watch, where: str, attack: str) -> None:
    with RawServer(ATTACKS[attack]) as server, under_attack(connect, where, server) as face:
        assert ended(face, watch, ATTACKED) == []


@pytest.mark.parametrize("attack", FLOODS)
@pytest.mark.parametrize("where", ["the service", "IAM"])
def test_calls_end_in_a_flood(connect: Connect, watch: Watch, where: str, attack: str) -> None:
    """Four at a time: more would measure how fast the machine parses."""
    names = ["Job.wait", "Jobs.get", "Jobs.list", "Submissions.sampler"]
    with RawServer(FLOODS[attack]) as server, under_attack(connect, where, server) as face:
        assert ended(face, watch, names) == []


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize("attack", TLS_ATTACKS)
@pytest.mark.parametrize("where", ["the service", "IAM"])
def test_every_call_ends_whatever_becomes_of_tls(
    connect: Connect, watch: Watch, authority: trustme.CA, tmp_path: Path, where: str, attack: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    act = TLS_ATTACKS[attack](context)
    with (
        RawServer(act, scheme="https") as server,
        under_attack(connect, where, server, verify=str(tmp_path / "ca.pem")) as face,
    ):
        assert ended(face, watch, ATTACKED) == []


def test_every_call_ends_when_the_system_does_not_answer(connect: Connect, watch: Watch) -> None:
    """The queue of the listener is full: nobody accepts the connection."""
    with RawServer(fine({}), accepts=False) as server, under_attack(connect, "the service", server) as face:
        assert ended(face, watch, ATTACKED) == []


@pytest.mark.parametrize("attack", ["no answer", "status line", "headers", "103 answers", "body"])
def test_every_call_ends_while_a_proxy_connects(connect: Connect, watch: Watch, attack: str) -> None:
    with RawServer(ATTACKS[attack]) as proxy:
        face = connect(
            base_url="https://service.example/api", iam_url="https://iam.example", proxies={"all": proxy.url}
        )
        assert ended(face, watch, ATTACKED) == []


def test_requests_that_are_just_in_time_have_one_deadline_together(connect: Connect, watch: Watch) -> None:
    """A call may be a token request and up to six others, each of which takes nine tenths of its time."""
    slow = 0.9 * TIMEOUT
    listed = {
        **QUEUED,
        "jobs": [{**QUEUED, "id": f"o{number}"} for number in range(200)],
        "devices": [],
        "versions": [],
    }
    with RawServer(fine(TOKEN, after=slow)) as iam, RawServer(fine(listed, after=slow)) as server:
        face = connect(base_url=f"{server.url}/api", iam_url=iam.url)
        # Those that need one request only may end in time.
        assert ended(face, watch, WAITS, [TIMEOUT]) == []
        wrong = ended(face, watch, [*SUBMISSIONS, *OTHERS], [TIMEOUT])
        assert not [each for each in wrong if " s late (" in each]


@pytest.mark.parametrize("attack", ["no answer", "headers", "103 answers"])
def test_a_call_without_time_ends_at_once(connect: Connect, watch: Watch, attack: str) -> None:
    with RawServer(ATTACKS[attack]) as server, under_attack(connect, "the service", server) as face:
        assert ended(face, watch, ATTACKED, [0]) == []


@pytest.mark.parametrize("number", [30, 150])
def test_each_of_many_ends_at_its_own_deadline_behind_a_silent_iam(connect: Connect, watch: Watch, number: int) -> None:
    """All need a token; one of them has asked for it."""
    with RawServer(ATTACKS["no answer"]) as server, under_attack(connect, "IAM", server) as face:
        assert ended(face, watch, ["Jobs.get"] * number, [TIMEOUT, 2 * TIMEOUT, 3 * TIMEOUT]) == []


def test_calls_that_find_all_connections_taken_end(connect: Connect, watch: Watch) -> None:
    """A hundred silent answers hold the connections."""
    names = ["RuntimeClient.usage"] * 100 + [*ATTACKED]
    timeouts = [10 * TIMEOUT] * 100 + [TIMEOUT] * len(ATTACKED)
    with RawServer(ATTACKS["no answer"]) as server, under_attack(connect, "the service", server) as face:
        assert ended(face, watch, names, timeouts) == []
        assert server.accepted >= 100


LIMIT_SECONDS = 0.3


@pytest.mark.parametrize(
    "attack", ["103 answers", "header", "headers", "body", "trailers", "gzip of nothing", "no answer"]
)
@pytest.mark.parametrize("where", ["the service", "IAM"])
def test_calls_without_a_timeout_end(
    connect: Connect, watch: Watch, monkeypatch: pytest.MonkeyPatch, where: str, attack: str
) -> None:
    """After the limit of each request, five minutes or an hour, which is short here. A wait has its own limit."""
    for name in ("REQUEST_SECONDS", "TRANSFER_SECONDS", "SHORTEST_SECONDS"):
        monkeypatch.setattr(retrying, name, LIMIT_SECONDS)
    monkeypatch.setattr(submitter, "SENDING_SECONDS", LIMIT_SECONDS)
    monkeypatch.setattr(wait_budget, "FAILING_SECONDS", LIMIT_SECONDS)
    options: dict[str, Any] = {
        "timeout": LIMIT_SECONDS / 10,
        "retries": RetryPolicy(attempts=1),
        "submission": SubmissionPolicy(settle=0.0),
    }
    with RawServer(ATTACKS[attack]) as server, under_attack(connect, where, server, **options) as face:
        # A call is up to eight requests, and a wait sleeps between two of them.
        assert ended(face, watch, ATTACKED, [None], may_end_in=(RuntimeRestError,), limit=8 * LIMIT_SECONDS) == []


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process keeps the file locked."""
    code = (
        "import sqlite3, sys; file = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "file.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()"
    )
    with State(path).transaction():
        pass
    process = subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.kill()


JOBS = (job.Job, job.AsyncJob)


@pytest.mark.parametrize("timeout", [TIMEOUT, 5 * TIMEOUT])
def test_a_locked_file_that_is_optional_is_done_without(
    connect: Connect, watch: Watch, tmp_path: Path, timeout: float
) -> None:
    path = tmp_path / "state.sqlite"
    with RawServer(fine(TOKEN)) as iam, RawServer(fine({**QUEUED, "backend": "b"})) as server, locked(path):
        face = connect(
            base_url=f"{server.url}/api",
            iam_url=iam.url,
            token_cache=path,
            submissions_per_minute=1000,
            state_path=path,
        )
        names = ["Jobs.get", "Submissions.submit"] * 10
        assert ended(face, watch, names, [timeout], may_end_in=JOBS) == []


@pytest.mark.parametrize("number", [1, 60])
def test_submissions_end_behind_a_locked_journal(connect: Connect, watch: Watch, tmp_path: Path, number: int) -> None:
    path = tmp_path / "state.sqlite"
    with RawServer(fine(TOKEN)) as iam, RawServer(fine({**QUEUED, "backend": "b"})) as server, locked(path):
        face = connect(base_url=f"{server.url}/api", iam_url=iam.url, journal=path)
        names, timeouts = ["Submissions.submit"] * number, [3 * TIMEOUT] * (number - 1) + [TIMEOUT]
        # Tasks that read only have no part in it.
        names, timeouts = [*names, *["Jobs.get"] * 10], [*timeouts, *[TIMEOUT] * 10]
        wrong = ended(face, watch, names, timeouts, may_end_in=(ConfigurationError, TransportError, *JOBS))
        assert wrong == []


def test_the_lease_of_a_killed_process_is_not_waited_for(connect: Connect, watch: Watch, tmp_path: Path) -> None:
    asked = threading.Event()

    def act(connection: socket.socket, stop: threading.Event) -> None:
        if asked.is_set():
            fine(TOKEN)(connection, stop)
        read_request(connection)
        asked.set()
        connection.recv(1)

    code = (
        "import sys; from qiskit_runtime_rest import RuntimeClient; "
        "RuntimeClient(api_key=sys.argv[1], instance=sys.argv[2], base_url=sys.argv[3], iam_url=sys.argv[3], "
        "token_cache=sys.argv[4]).jobs.get('x')"
    )
    path = tmp_path / "tokens.sqlite"
    with RawServer(act) as iam, RawServer(fine(QUEUED)) as server:
        with subprocess.Popen([sys.executable, "-c", code, API_KEY, CRN, iam.url, path]) as process:
            asked.wait(60)
            process.kill()
        face = connect(base_url=f"{server.url}/api", iam_url=iam.url, token_cache=path)
        assert ended(face, watch, ["Jobs.get"] * 10, may_end_in=JOBS) == []


def test_recovering_ends_whatever_the_service_does(connect: Connect, watch: Watch, tmp_path: Path) -> None:
    with (
        RawServer(ATTACKS["headers"]) as server,
        under_attack(connect, "the service", server, journal=tmp_path / "state.sqlite") as face,
    ):
        assert ended(face, watch, ["Submissions.submit"] * 5) == []
        assert ended(face, watch, ["Jobs.recover"], may_end_in=(list,)) == []


REFUSAL = b"HTTP/1.1 401 No\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n" + b" " * 200_000


@pytest.mark.parametrize("number", [150, 300])
def test_more_refused_requests_than_connections_get_one_token(connect: Connect, watch: Watch, number: int) -> None:
    """The requests on all connections are answered 401 together; others wait for a connection."""
    tokens, flying = itertools.count(1), itertools.count(1)
    asked: list[bytes] = []
    all_fly = threading.Event()

    def issue(connection: socket.socket, _stop: threading.Event) -> None:
        while True:
            read_request(connection)
            asked.append(b"token")
            connection.sendall(answer({"access_token": f"t{next(tokens)}", "expires_in": 3600}))

    def refuse(connection: socket.socket, _stop: threading.Event) -> None:
        while True:
            head, _ = read_request(connection)
            if b"Bearer t1\r\n" not in head + b"\r\n":
                connection.sendall(answer(QUEUED))
                continue
            if next(flying) == 100:
                all_fly.set()
            all_fly.wait(60)
            connection.sendall(REFUSAL)

    with RawServer(issue) as iam, RawServer(refuse) as server:
        face = connect(base_url=f"{server.url}/api", iam_url=iam.url, retries=RetryPolicy(attempts=1))
        assert ended(face, watch, ["Jobs.get"] * number, [20], may_end_in=JOBS) == []
    assert asked == [b"token"] * 2
