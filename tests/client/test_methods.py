"""Public methods are plain functions: editors, type checkers and documentation tools see the same signature."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import griffe
import httpx
import jedi
import pytest

from qiskit_runtime_rest import (
    AsyncJob,
    AsyncRuntimeClient,
    AsyncSession,
    Job,
    JobRequest,
    RuntimeClient,
    Session,
    SubmissionWarning,
)
from qiskit_runtime_rest.client.operations import OPERATIONS
from qiskit_runtime_rest.testing import Emulator
from tools.methods import modules

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, ONES

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
MANY = [(RuntimeClient, "sampler"), (RuntimeClient, "estimator"), (Job, "wait"), (Job, "result"), (Session, "wait")]
MANY_ASYNC = [(AsyncRuntimeClient, "sampler"), (AsyncJob, "result"), (AsyncSession, "close")]


def test_the_written_modules_are_what_their_plans_say() -> None:
    assert all((ROOT / path).read_text("utf-8") == text for path, text in modules().items())


@pytest.mark.parametrize(("owner", "name"), [*MANY, *MANY_ASYNC])
def test_the_source_and_the_documentation_are_there(owner: type[Any], name: str) -> None:
    method = getattr(owner, name)
    is_async = owner.__name__.startswith("Async")
    documentation = inspect.getdoc(method)
    assert inspect.getsource(method).lstrip().startswith(f"{'async ' if is_async else ''}def {name}(")
    assert documentation is not None
    assert "Raises:" in documentation
    assert inspect.iscoroutinefunction(method) is is_async


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_both_faces_have_the_same_arguments_and_documentation(name: str) -> None:
    from tools.coverage.faces import methods, shown

    faces = [function for _, _, function in methods() if shown(function.__qualname__) == name]
    signatures = {str(inspect.signature(each).replace(return_annotation=None)).replace("Async", "") for each in faces}
    assert len({each.__qualname__ for each in faces}) == 2
    assert len(signatures) == 1
    assert all(each.__doc__ for each in faces)


COMPLETED = """
from qiskit_runtime_rest import AsyncRuntimeClient, RuntimeClient

client = RuntimeClient()
job = client.sampler(["x"], backend="b")
job.
with client.sessions.create(backend="b") as session:
    session.sampler(["x"]).
for listed in client.jobs.list():
    listed.

async def main() -> None:
    async with AsyncRuntimeClient() as client:
        job = await client.sampler(["x"], backend="b")
        job.
"""


@pytest.mark.parametrize("line", [number for number, text in enumerate(COMPLETED.splitlines(), 1) if text[-1:] == "."])
def test_an_editor_completes_the_members_of_a_job(line: int) -> None:
    lines = COMPLETED.splitlines()
    others = [text[:-1] if text[-1:] == "." and number != line else text for number, text in enumerate(lines, 1)]
    names = {each.name for each in jedi.Script("\n".join(others)).complete(line, len(lines[line - 1]))}
    assert {"result", "wait", "status", "cancel", "id"} <= names
    assert not {"send", "throw"} & names


REVEALED = """
from qiskit_runtime_rest import AsyncRuntimeClient, RuntimeClient
reveal_type(RuntimeClient().sampler)
reveal_type(AsyncRuntimeClient().sampler)
"""


def test_a_type_checker_and_a_documentation_tool_show_the_same_signature(tmp_path: Path) -> None:
    (tmp_path / "revealed.py").write_text(REVEALED)
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps({"extraPaths": [str(ROOT / "extensions"), str(ROOT / "generated")], "pythonVersion": "3.11"})
    )
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "revealed.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    told = [each["message"] for each in json.loads(done.stdout)["generalDiagnostics"] if "Type of" in each["message"]]
    package = griffe.load("qiskit_runtime_rest", search_paths=[ROOT / "extensions"])
    for message, owner, returns in zip(told, ("Submissions", "AsyncSubmissions"), ("Job", "AsyncJob"), strict=True):
        function = package[f"client.submit.{owner}.sampler"]
        assert isinstance(function, griffe.Function)
        shown = {each.name: each.default for each in function.parameters if each.name not in ("self", "request")}
        parameters = list(inspect.signature(RuntimeClient.sampler).parameters.values())[1:-1]
        assert shown == {each.name: None if each.default is each.empty else repr(each.default) for each in parameters}
        assert str(function.returns) == returns
        for name, default in shown.items():
            assert re.search(rf"\b{name}: [^=]+{', ' if default is None else f' = {default}[,)]'}", message)
        assert "**request: **SubmitOptions" in message
        assert f"-> {returns}" in message or f"{returns}]" in message


def test_a_job_of_ones_own_class(options: dict[str, Any], emulator: Emulator) -> None:
    class Mine(Job):
        def counts(self) -> dict[str, int]:
            return dict(self.result(timeout=60)[0].counts())

    with RuntimeClient(**options, job_class=Mine) as client:
        job = client.sampler(ONES, backend=BACKEND, shots=10)
        assert isinstance(job, Mine)
        assert sum(job.counts().values()) == 10
        assert isinstance(client.jobs.get(job.id), Mine)
        assert all(isinstance(each, Mine) for each in client.jobs.list())
        with client.sessions.create(backend=BACKEND, mode="batch") as session:
            assert isinstance(session.sampler(ONES), Mine)
        assert all(isinstance(each, Mine) for each in session.wait())


def test_a_client_of_ones_own_class(options: dict[str, Any]) -> None:
    class Mine(RuntimeClient):
        def bell(self) -> Job:
            return self.sampler(ONES, backend=BACKEND, shots=10)

    with Mine(**options) as client:
        assert sum(client.bell().result(timeout=60)[0].counts().values()) == 10


async def test_a_transport_hooks_and_further_options_of_ones_own(connect: Any) -> None:
    seen: list[str] = []

    def note(request: httpx.Request) -> None:
        seen.append(request.url.path)

    async def note_async(request: httpx.Request) -> None:
        seen.append(request.url.path)

    class Counting(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            seen.append("transport")
            return super().handle_request(request)

    class CountingAsync(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append("transport")
            return await super().handle_async_request(request)

    is_async = isinstance(connect(), AsyncRuntimeClient)
    client = connect(
        transport=CountingAsync() if is_async else Counting(),
        event_hooks={"request": [note_async if is_async else note]},
        limits=httpx.Limits(max_connections=1),
        http_options={"max_redirects": 3},
    )
    await now(client.versions())
    assert "transport" in seen
    assert any(path.endswith("/v1/versions") for path in seen)
    http = client.api.get_async_httpx_client() if is_async else client.api.get_httpx_client()
    assert http.max_redirects == 3
    # The limit of response bodies stays, also when hooks are set by hand.
    before = list(http.event_hooks["response"])
    http.event_hooks = {"response": []}
    assert http.event_hooks["response"] == before[:1] != []


def test_an_argument_that_a_client_does_not_take() -> None:
    with pytest.raises(TypeError, match=r"^RuntimeClient\(\) takes no argument 'api_kee': did you mean 'api_key'\?"):
        RuntimeClient(api_kee="k")  # type: ignore[call-arg]


async def test_a_warning_names_the_line_of_the_caller(connect: Any, emulator: Emulator) -> None:
    client = connect()
    tags = [f"tag {number}" for number in range(8)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        if isinstance(client, RuntimeClient):
            client.sampler(ONES, backend=BACKEND, tags=tags)
            client.sampler(ONES, backend=BACKEND, tags=tags)
        else:
            await client.sampler(ONES, backend=BACKEND, tags=tags)
            await client.sampler(ONES, backend=BACKEND, tags=tags)
    assert_two_lines_of_this_file(caught)


async def test_a_warning_of_a_worker_names_the_line_of_the_caller(connect: Any, emulator: Emulator) -> None:
    client = connect()
    full = [JobRequest.sampler(ONES, backend=BACKEND, tags=[f"tag {number}" for number in range(8)])]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        if isinstance(client, RuntimeClient):
            client.submit_all(full)
            client.submit_all(full)
        else:
            await client.submit_all(full)
            await client.submit_all(full)
    assert_two_lines_of_this_file(caught)


def assert_two_lines_of_this_file(caught: list[warnings.WarningMessage]) -> None:
    ours = [each for each in caught if each.category is SubmissionWarning]
    assert [each.filename for each in ours] == [__file__] * 2
    assert ours[0].lineno + 1 == ours[1].lineno
