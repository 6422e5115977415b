from __future__ import annotations

import inspect
import re
import subprocess
import sys
from typing import Any

import pytest

import qiskit_runtime_rest
from qiskit_runtime_rest import (
    AsyncJob,
    AsyncRuntimeClient,
    AsyncSession,
    Job,
    RuntimeClient,
    RuntimeRestError,
    Session,
)

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0:1::"

BLOCKING = {
    RuntimeClient: ("sampler", "estimator", "submit", "versions", "close"),
    Job: ("status", "wait", "result", "cancel", "delete", "logs", "metrics", "refresh", "replace_tags"),
    Session: ("sampler", "estimator", "submit", "status", "close", "cancel"),
    "jobs": ("submit", "get", "list", "sampler", "estimator"),
    "backends": ("list", "get", "status", "configuration", "properties"),
    "sessions": ("create", "get"),
    "instances": ("get", "configuration", "usage"),
}
AWAITED = {RuntimeClient: AsyncRuntimeClient, Job: AsyncJob, Session: AsyncSession}


@pytest.fixture(scope="module")
def offline() -> Any:
    """Both clients, of which nothing is sent."""
    settings: dict[str, Any] = {
        "api_key": "a-key",
        "instance": CRN,
        "base_url": "http://127.0.0.1:9",
        "iam_url": "http://127.0.0.1:9",
    }
    return RuntimeClient(**settings), AsyncRuntimeClient(**settings)


def test_the_public_names_are_complete_sorted_and_there() -> None:
    names = qiskit_runtime_rest.__all__
    assert names == sorted(names)
    assert len(names) == len(set(names))
    for name in names:
        assert getattr(qiskit_runtime_rest, name) is not None
    assert set(names) <= set(dir(qiskit_runtime_rest))
    assert not hasattr(qiskit_runtime_rest, "NoSuchName")


def test_every_error_is_public() -> None:
    from qiskit_runtime_rest import errors

    assert set(errors.__all__) <= set(qiskit_runtime_rest.__all__)
    for name in errors.__all__:
        assert issubclass(getattr(qiskit_runtime_rest, name), RuntimeRestError | Warning)


def test_every_public_class_says_what_it_is_and_where_from() -> None:
    for name in qiskit_runtime_rest.__all__:
        value = getattr(qiskit_runtime_rest, name)
        if inspect.isclass(value):
            assert inspect.getdoc(value), name
            assert value.__name__ == name


@pytest.mark.parametrize(("owner", "names"), BLOCKING.items(), ids=str)
def test_methods_are_real_ones_with_a_signature_and_help(offline: Any, owner: Any, names: tuple[str, ...]) -> None:
    client, client_async = offline
    blocking = type(getattr(client, owner)) if isinstance(owner, str) else owner
    awaited = type(getattr(client_async, owner)) if isinstance(owner, str) else AWAITED[owner]
    for name in names:
        if name != "close" or owner is not RuntimeClient:
            asynchronous = inspect.getattr_static(awaited, name)
            assert inspect.isfunction(asynchronous), name
            assert inspect.getdoc(asynchronous), name
            lazy = (owner, name) in {("jobs", "list"), ("sessions", "create")}
            assert inspect.iscoroutinefunction(asynchronous) != lazy, name
            assert inspect.signature(asynchronous).parameters.keys() == (
                inspect.signature(inspect.getattr_static(blocking, name)).parameters.keys()
            )
        method = inspect.getattr_static(blocking, name)
        assert inspect.isfunction(method), name
        assert not inspect.iscoroutinefunction(method), name
        assert method.__name__ == name
        assert inspect.getdoc(method), name
        assert "self" in inspect.signature(method).parameters


def test_a_subclass_keeps_the_methods_it_overrides() -> None:
    class MyJob(Job):
        def status(self, *, timeout: float | None = None) -> str:
            return "mine"

    assert MyJob.status(object.__new__(MyJob)) == "mine"
    assert MyJob.cancel is not None


def test_help_names_the_arguments_of_an_operation(offline: Any) -> None:
    client, _ = offline
    parameters = inspect.signature(client.jobs.list).parameters
    assert {"pending", "limit", "created_after", "tags"} <= set(parameters)
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters.values())
    assert "newest first" in str(inspect.getdoc(client.jobs.list))


def test_help_shows_what_callers_get(offline: Any) -> None:
    client, client_async = offline
    assert inspect.signature(client.sampler).return_annotation == "Job"
    assert inspect.signature(client_async.sampler).return_annotation == "AsyncJob"
    assert inspect.signature(client.jobs.list).return_annotation == "Iterator[Job]"
    assert inspect.signature(client_async.jobs.list).return_annotation == "AsyncIterator[AsyncJob]"
    assert inspect.signature(client.sessions.get).return_annotation == "Session"
    assert inspect.signature(client.usage).return_annotation == "InstanceUsage | None"


@pytest.mark.parametrize("part", ["", "backends", "instances", "jobs", "sessions"])
def test_a_client_and_its_parts_show_their_instance_and_no_secret(offline: Any, part: str) -> None:
    for client in offline:
        thing = getattr(client, part) if part else client
        assert repr(thing) == f"<{type(thing).__name__} {CRN} at http://127.0.0.1:9>"


def test_what_help_refers_to_can_be_reached(offline: Any) -> None:
    client, client_async = offline
    for method in (client.sampler, client.estimator, client_async.jobs.submit):
        named = re.findall(r"see `(\w+)`", str(inspect.getdoc(method)))
        assert named
        assert set(named) <= set(qiskit_runtime_rest.__all__)
    assert inspect.signature(client.backends.least_busy).return_annotation in qiskit_runtime_rest.__all__
    assert inspect.signature(client_async.backends.get).return_annotation in qiskit_runtime_rest.__all__


@pytest.mark.parametrize(
    ("method", "wrong", "told"),
    [
        ("sampler", "shot", r"^sampler\(\) takes no argument 'shot': did you mean 'shots'\?"),
        ("estimator", "precison", r"^estimator\(\) .* did you mean 'precision'\?"),
        ("submit", "session", r"^submit\(\) .* did you mean 'session_id'\?"),
        (
            "sampler",
            "zzz",
            r"^sampler\(\) .* it takes pubs, shots, options, via, transpile, check_gates, .*backend, tags",
        ),
    ],
)
def test_the_argument_that_was_meant_is_told(offline: Any, method: str, wrong: str, told: str) -> None:
    client, _ = offline
    given = {"program_id": "sampler", "params": {}} if method == "submit" else {"pubs": "OPENQASM 3.0;"}
    for thing in (client, client.jobs):
        with pytest.raises(TypeError, match=told):
            getattr(thing, method)(**given, **{wrong: 1})


IMPORT = """
import sys
sys.modules["click"] = None  # httpx's command line, where click is installed, needs much that httpx does not
import qiskit_runtime_rest
{more}
loaded = sorted(name for name in sys.modules if name.split(".")[0] in {unwanted!r} or name in {unwanted!r})
print(*loaded)
"""


@pytest.mark.parametrize(
    ("more", "unwanted"),
    [
        ("", {"qiskit", "numpy", "attrs", "attr", "httpx", "dateutil", "qiskit_runtime_api"}),
        (
            "from qiskit_runtime_rest import *",
            {"qiskit", "numpy", "starlette", "uvicorn", "qiskit_runtime_api.models.job"},
        ),
        (
            "from qiskit_runtime_rest import RuntimeClient",
            {
                *("qiskit", "numpy", "attrs", "attr", "dateutil", "anyio", "asyncio", "sqlite3", "uuid"),
                *("concurrent.futures.thread", "concurrent.futures.process", "qiskit_runtime_api.models"),
                *(f"qiskit_runtime_rest.{part}" for part in ("jobs", "sessions", "results", "waiting", "submission")),
            },
        ),
        (
            f"qiskit_runtime_rest.RuntimeClient(api_key='k', instance={CRN!r})",
            {"qiskit", "numpy", "attrs", "attr", "sqlite3", "asyncio", "qiskit_runtime_api.models.job"},
        ),
    ],
    ids=["package", "all names", "class", "client"],
)
def test_nothing_is_imported_that_is_not_needed(more: str, unwanted: set[str]) -> None:
    script = IMPORT.format(more=more, unwanted=unwanted)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
