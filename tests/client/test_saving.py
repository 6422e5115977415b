"""Results are on disk before they are decoded, large ones come through files, and nothing that came is lost."""

from __future__ import annotations

import errno
import json
import os
import pickle
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    ConfigurationError,
    InvalidInput,
    ResultDecodeError,
    ResultNotSaved,
    ResultUnavailable,
    RuntimeClient,
    TransportError,
)
from qiskit_runtime_rest.results import decode, files
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, now
from ..fixtures.service import BACKEND, ONES, environment, sent

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results"


async def finished(client: Any, *, shots: int = 5, **request: Any) -> Any:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=shots, **request))
    await now(job.wait())
    return job


def in_folder(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_result_is_saved_as_it_came_for_its_owner_alone(client: Any, folder: Path) -> None:
    job = await finished(client)
    result = await now(job.result(save_to=folder))
    assert in_folder(folder) == [f"{job.id}.sampler.json"]
    path = folder / f"{job.id}.sampler.json"
    assert path.read_bytes() == result.raw
    assert (mode(path), mode(folder)) == (0o600, 0o700)


async def test_a_saved_result_is_loaded_offline_without_any_settings(client: Any, folder: Path) -> None:
    job = await finished(client)
    result = await now(job.result(save_to=str(folder)))
    path = folder / f"{job.id}.sampler.json"
    assert RuntimeClient.load_result(path) == result
    assert await AsyncRuntimeClient.load_result(str(path)) == result


@pytest.mark.parametrize("way", ["argument", "environment"])
async def test_a_client_saves_all_results_in_its_folder(
    connect: Callable[..., Any], folder: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "environment":
        monkeypatch.setenv("QRR_SAVE_TO", str(folder))
    client = connect(**({"save_to": folder} if way == "argument" else {}))
    jobs = [await finished(client, shots=shots) for shots in (1, 2)]
    for job in jobs:
        await now(job.result())
    assert in_folder(folder) == sorted(f"{job.id}.sampler.json" for job in jobs)
    other = await finished(client)
    await now(other.result(save_to=folder / "elsewhere"))
    assert in_folder(folder / "elsewhere") == [f"{other.id}.sampler.json"]


async def test_nothing_is_saved_where_nobody_asked(client: Any, tmp_path: Path) -> None:
    before = in_folder(tmp_path)
    await now((await finished(client)).result())
    assert in_folder(tmp_path) == before


async def test_what_is_no_folder_is_refused_before_anything_is_sent(client: Any, emulator: Emulator) -> None:
    job = await finished(client)
    before = len(emulator.requests)
    with pytest.raises(InvalidInput, match="save_to=3: expected the path of a folder"):
        await now(job.result(save_to=3))
    assert len(emulator.requests) == before


def test_a_folder_that_is_none_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="save_to"):
        RuntimeClient(**options, save_to=5)  # type: ignore[arg-type]


async def test_it_is_saved_before_it_is_decoded(client: Any, folder: Path, emulator: Emulator) -> None:
    job = await finished(client)
    emulator.faults.add("get_job_results", status=200, body={"results": "of another form"})
    with pytest.raises(ResultDecodeError):
        await now(job.result(save_to=folder))
    saved = folder / f"{job.id}.sampler.json"
    assert json.loads(saved.read_bytes()) == {"results": "of another form"}
    with pytest.raises(ResultDecodeError):
        RuntimeClient.load_result(saved)


async def test_a_result_that_is_known_already_is_saved_when_that_is_asked_for(
    client: Any, folder: Path, emulator: Emulator
) -> None:
    job = await finished(client, private=True)
    result = await now(job.result())
    assert await now(job.result(save_to=folder)) is result
    assert (folder / f"{job.id}.sampler.json").read_bytes() == result.raw
    assert len(sent(emulator, "get_job_results")) == 1


async def test_a_second_read_of_a_private_result_says_where_the_saved_copy_is(
    connect: Callable[..., Any], folder: Path
) -> None:
    client = connect(save_to=folder)
    job = await finished(client, private=True)
    result = await now(job.result())
    again = await now(client.jobs.get(job.id))
    with pytest.raises(ResultUnavailable, match=r"read once.*load_result") as gone:
        await now(again.result())
    assert gone.value.saved == str(folder / f"{job.id}.sampler.json")
    assert RuntimeClient.load_result(gone.value.saved) == result
    assert in_folder(folder) == [f"{job.id}.sampler.json"]
    with pytest.raises(ResultUnavailable) as nowhere:
        await now(again.result(save_to=folder / "elsewhere"))
    assert nowhere.value.saved is None
    assert "load_result" not in str(nowhere.value)


async def test_reading_again_replaces_the_copy_as_a_whole(client: Any, folder: Path, emulator: Emulator) -> None:
    job = await finished(client)
    path = folder / f"{job.id}.sampler.json"
    files.save_result(b"of old", job.id, program_id="sampler", folder=folder)
    emulator.faults.add("get_job_results", kind="unavailable", times=None)
    with pytest.raises(Exception, match="outage"):
        await now(job.result(save_to=folder))
    assert path.read_text() == "of old"
    assert in_folder(folder) == [path.name]
    emulator.faults.clear()
    with path.open("rb") as opened_before:
        result = await now(job.result(save_to=folder))
        assert opened_before.read() == b"of old"
    assert path.read_bytes() == result.raw


@pytest.mark.parametrize("job_id", ["../../etc", "a/b", "a.b.json", "*", "[x]"])
def test_no_id_leads_out_of_the_folder_or_to_another_jobs_copy(job_id: str, folder: Path) -> None:
    files.save_result(b"1", job_id, program_id="sampler", folder=folder)
    assert len(list(folder.iterdir())) == 1
    assert files.saved_copy(job_id, folder) == next(folder.iterdir())
    assert files.saved_copy("a", folder) is None
    assert files.saved_copy("x", folder) is None


def test_a_copy_that_is_not_there_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(ResultUnavailable, match="No such file"):
        RuntimeClient.load_result(tmp_path / "none.json")


# Disks that are full, and folders that cannot be.


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Lets this process write files of so many bytes only, as if the disk ended there."""
    monkeypatch.setattr(files, "RESERVED_BYTES", 4096)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)


async def test_a_folder_that_cannot_be_written_is_an_error_before_the_read(
    client: Any, tmp_path: Path, emulator: Emulator
) -> None:
    (tmp_path / "file").write_text("in the way")
    job = await finished(client, private=True)
    with pytest.raises(ResultNotSaved, match="was not read") as refused:
        await now(job.result(save_to=tmp_path / "file" / "results"))
    assert (refused.value.job_id, refused.value.raw) == (job.id, b"")
    assert sent(emulator, "get_job_results") == []
    assert len(await now(job.result())) == 1


async def test_a_full_disk_is_an_error_before_the_read(
    client: Any, folder: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    job = await finished(client, private=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        with pytest.raises(ResultNotSaved, match=r"was not read.*No space left"):
            await now(job.result(save_to=folder))
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": files.RESERVED_BYTES - 1}))
        with pytest.raises(ResultNotSaved, match=r"was not read.*No space left"):
            await now(job.result(save_to=folder))
    assert sent(emulator, "get_job_results") == []
    assert in_folder(folder) == []
    assert len(await now(job.result(save_to=folder))) == 1


async def test_a_file_system_that_cannot_reserve_space_is_used_all_the_same(
    client: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*_: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", unable)
    job = await finished(client)
    await now(job.result(save_to=folder))
    assert in_folder(folder) == [f"{job.id}.sampler.json"]


def sampled(shots: int) -> dict[str, Any]:
    """A result in the plain form, of six bytes a shot."""
    return {"results": [{"data": {"c": {"samples": ["0x1"] * shots, "num_bits": 1}}, "metadata": {}}], "metadata": {}}


async def test_bytes_that_a_disk_which_fills_up_does_not_take_are_in_the_error(
    client: Any, folder: Path, emulator: Emulator, small_files: Callable[[int], None]
) -> None:
    job = await finished(client, private=True)
    emulator.faults.add("get_job_results", status=200, body=sampled(60_000))
    small_files(100_000)
    with pytest.raises(ResultNotSaved, match="in this error's `raw`") as lost:
        await now(job.result(save_to=folder))
    assert json.loads(lost.value.raw) == sampled(60_000)
    assert lost.value.path == str(folder)
    assert in_folder(folder) == []
    # The handle has it all the same: it may be the only place left.
    assert (await now(job.result()))[0].counts() == {"1": 60_000}
    assert len(sent(emulator, "get_job_results")) == 1


async def test_bytes_that_cannot_be_given_their_name_are_in_the_error(
    client: Any, folder: Path, emulator: Emulator
) -> None:
    job = await finished(client)
    (folder / f"{job.id}.sampler.json" / "in the way").mkdir(parents=True)
    with pytest.raises(ResultNotSaved) as lost:
        await now(job.result(save_to=folder))
    assert sum(decode(lost.value.raw)[0].counts().values()) == 5


# Answers that are cut short.


async def test_an_answer_cut_short_is_read_again_where_the_service_still_has_it(
    client: Any, folder: Path, emulator: Emulator
) -> None:
    job = await finished(client)
    emulator.faults.add("get_job_results", kind="truncated", times=2)
    result = await now(job.result(save_to=folder))
    assert sum(result[0].counts().values()) == 5
    assert len(sent(emulator, "get_job_results")) == 3
    assert in_folder(folder) == [f"{job.id}.sampler.json"]
    assert (folder / f"{job.id}.sampler.json").read_bytes() == result.raw


async def test_a_retry_that_brings_less_leaves_nothing_of_the_first_answer(
    client: Any, folder: Path, emulator: Emulator
) -> None:
    job = await finished(client)
    emulator.faults.add("get_job_results", kind="truncated", status=200, body=sampled(5000))
    assert sum((await now(job.result(save_to=folder)))[0].counts().values()) == 5
    assert len((folder / f"{job.id}.sampler.json").read_bytes()) < 5000


@pytest.mark.parametrize("saving", [True, False], ids=["saved", "not saved"])
@pytest.mark.parametrize("then", [{}, {"kind": "unavailable", "times": None}, {"status": 204, "times": None}], ids=str)
async def test_what_came_of_a_private_result_that_was_cut_short_is_kept(
    client: Any, folder: Path, emulator: Emulator, saving: bool, then: dict[str, Any]
) -> None:
    job = await finished(client, private=True)
    emulator.faults.add("get_job_results", kind="truncated")
    if then:
        emulator.faults.add("get_job_results", **then)
    with pytest.raises(ResultUnavailable, match="bytes read so far are in the `raw`") as cut:
        await now(job.result(**({"save_to": folder} if saving else {})))
    assert cut.value.raw.startswith(b"{")
    assert cut.value.saved is None
    if saving:
        (partial,) = in_folder(folder)
        assert partial.endswith(".partial")
        assert (folder / partial).read_bytes() == cut.value.raw
        assert mode(folder / partial) == 0o600


async def test_nothing_is_left_behind_of_a_result_that_can_be_read_again(
    client: Any, folder: Path, emulator: Emulator
) -> None:
    job = await finished(client)
    emulator.faults.add("get_job_results", kind="truncated", times=None)
    with pytest.raises(TransportError):
        await now(job.result(save_to=folder))
    assert in_folder(folder) == []


# Large results.


@pytest.mark.parametrize("saving", [True, False], ids=["saved", "not saved"])
async def test_a_large_result_comes_through_a_file(client: Any, folder: Path, emulator: Emulator, saving: bool) -> None:
    job = await finished(client)
    body = sampled(1_000_000)
    emulator.faults.add("get_job_results", kind="truncated", status=200, body=body)
    emulator.faults.add("get_job_results", status=200, body=body)
    result = await now(job.result(**({"save_to": folder} if saving else {})))
    assert result[0].counts() == {"1": 1_000_000}
    assert json.loads(result.raw) == body
    assert await now(job.result()) is result


async def test_a_large_result_comes_through_memory_where_there_is_no_place_for_a_file(
    client: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = await finished(client)
    emulator.faults.add("get_job_results", status=200, body=sampled(1_000_000))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    assert (await now(job.result()))[0].counts() == {"1": 1_000_000}


READ = """
import os, sys, tracemalloc
from qiskit_runtime_rest import RuntimeClient
with RuntimeClient(verify=False) as client:
    job = client.jobs.get(sys.argv[1])
    job.wait()
    import qiskit_runtime_rest.results, qiskit_runtime_rest.client.logic.result_reading
    tracemalloc.start()
    rows = job.result()[0].data["c"].rows
    print(len(rows), tracemalloc.get_traced_memory()[1])
"""


def test_reading_a_large_result_takes_less_memory_than_it_is_long(emulator: Emulator, blocking: RuntimeClient) -> None:
    job = blocking.sampler([ONES], backend=BACKEND, shots=1)
    job.wait()
    emulator.faults.add("get_job_results", status=200, body=sampled(2_000_000))
    done = subprocess.run(
        [sys.executable, "-c", READ, job.id],
        env={**os.environ, **environment(emulator)},
        capture_output=True,
        text=True,
        check=True,
    )
    shots, peak = map(int, done.stdout.split())
    assert shots == 2_000_000
    assert peak < len(json.dumps(sampled(2_000_000)))


# Decoding elsewhere.


class Elsewhere(Executor):
    """Does what it is asked for with copies, as another process would; counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls += 1
        future: Future[Any] = Future()
        function, args, kwargs = pickle.loads(pickle.dumps((function, args, kwargs)))
        try:
            future.set_result(pickle.loads(pickle.dumps(function(*args, **kwargs))))
        except Exception as error:
            future.set_exception(pickle.loads(pickle.dumps(error)))
        return future


@pytest.mark.parametrize("support_qiskit", [True, False], ids=["wrapped", "plain"])
async def test_a_result_is_decoded_on_the_callers_executor(client: Any, support_qiskit: bool, folder: Path) -> None:
    params = {"pubs": [[ONES, None, 50]], "version": 2, "support_qiskit": support_qiskit}
    job = await now(client.jobs.submit("sampler", backend=BACKEND, params=params))
    executor = Elsewhere()
    result = await now(job.result(executor=executor, save_to=folder))
    assert executor.calls == 1
    here = decode(result.raw, program_id="sampler")
    assert (result.kind, len(result), result.metadata) == (here.kind, len(here), here.metadata)
    assert result[0] == here[0]
    assert result[0].counts() == here[0].counts()
    assert result.to_dict() == here.to_dict()
    assert result.value == here.value
    assert pickle.loads(pickle.dumps(result)) == here
    assert in_folder(folder) == [f"{job.id}.sampler.json"]


@pytest.mark.parametrize("body", [{"of": "some program"}, {"quasi_dists": [{"1": 1.0}], "metadata": [{}]}], ids=str)
async def test_results_of_other_forms_are_decoded_there_as_well(
    client: Any, emulator: Emulator, body: dict[str, Any]
) -> None:
    job = await finished(client)
    job.raw["program"] = {"id": "mine"}
    emulator.faults.add("get_job_results", status=200, body=body)
    result = await now(job.result(executor=Elsewhere()))
    assert result == decode(json.dumps(body).encode(), program_id="mine")
    assert result.to_dict() == decode(json.dumps(body).encode(), program_id="mine").to_dict()


async def test_bytes_that_cannot_be_decoded_elsewhere_are_in_the_error(client: Any, emulator: Emulator) -> None:
    job = await finished(client)
    emulator.faults.add("get_job_results", status=200, body={"odd": 1})
    with pytest.raises(ResultDecodeError) as failure:
        await now(job.result(executor=Elsewhere()))
    assert json.loads(failure.value.raw) == {"odd": 1}


class Broken(Executor):
    """A cluster that is gone."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(ConnectionError("the cluster is gone"))
        return future


async def test_an_executor_that_fails_loses_no_result_that_was_read(client: Any, emulator: Emulator) -> None:
    job = await finished(client, private=True)
    with pytest.raises(ConnectionError):
        await now(job.result(executor=Broken()))
    assert sum((await now(job.result()))[0].counts().values()) == 5
    assert len(sent(emulator, "get_job_results")) == 1


@pytest.mark.parametrize("way", ["wait_all", "as_completed"])
async def test_results_of_many_are_decoded_on_the_callers_executor(client: Any, way: str) -> None:
    jobs = [await now(client.sampler([ONES], backend=BACKEND, shots=shots)) for shots in (1, 2, 3)]
    executor = Elsewhere()
    waited = getattr(client.jobs, way)(jobs, executor=executor)
    assert {job.id for job in (await every(waited) if way == "as_completed" else await now(waited))} == {
        job.id for job in jobs
    }
    assert executor.calls == 3
    assert [sum((await now(job.result()))[0].counts().values()) for job in jobs] == [1, 2, 3]


async def test_results_of_many_are_saved_and_one_that_cannot_be_is_left_for_later(
    connect: Callable[..., Any], folder: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(save_to=folder)
    jobs = [await now(client.sampler([ONES], backend=BACKEND, shots=1, private=True)) for _ in range(3)]
    monkeypatch.setattr(files, "RESERVED_BYTES", 2**70)
    await now(client.jobs.wait_all(jobs))
    assert sent(emulator, "get_job_results") == []
    monkeypatch.undo()
    for job in jobs:
        await now(job.result())
    assert len(in_folder(folder)) == 3


async def test_a_page_that_came_in_place_of_a_result_is_not_kept(client: Any, folder: Path, emulator: Emulator) -> None:
    job = await finished(client)
    emulator.faults.add("get_job_results", status=200, body="<html>sign in</html>", times=1)
    with pytest.raises(ResultDecodeError):
        await now(job.result(save_to=folder))
    result = await now(job.result(save_to=folder))
    assert result.kind == "sampler"
    assert RuntimeClient.load_result(folder / f"{job.id}.sampler.json") == result


async def test_a_private_result_that_cannot_be_decoded_is_kept(client: Any, emulator: Emulator) -> None:
    job = await finished(client, private=True)
    emulator.faults.add("get_job_results", status=200, body="abc", times=1)
    for _ in range(2):
        with pytest.raises(ResultDecodeError) as caught:
            await now(job.result())
        assert b"abc" in caught.value.raw
    assert len(sent(emulator, "get_job_results")) == 1
