"""Results on disk: the bytes in every order in which a response can deliver them, without a service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from qiskit_runtime_rest.errors import ResultNotSaved, ResultUnavailable
from qiskit_runtime_rest.results import files, load_result
from qiskit_runtime_rest.results.files import IncomingResult, save_result, saved_copy
from qiskit_runtime_rest.results.large_documents import LARGE_BYTES

SAMPLER = b'{"results": [{"data": {"c": {"samples": ["0x1"], "num_bits": 1}}}]}'


@pytest.fixture(params=["memory", "folder"])
def incoming(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IncomingResult]:
    made = IncomingResult("job", folder=tmp_path if request.param == "folder" else None)
    made.open()
    yield made
    made.close()


def deliver(incoming: IncomingResult, *chunks: bytes, ended: bool = True) -> None:
    incoming.begin()
    for chunk in chunks:
        incoming.write(chunk)
    if ended:
        incoming.end()


def test_the_bytes_of_a_response_are_its_chunks(incoming: IncomingResult) -> None:
    deliver(incoming, b"ab", b"", b"c")
    assert (incoming.is_whole, incoming.size, incoming.so_far()) == (True, 3, b"abc")
    assert incoming.finish(program_id=None)[:] == b"abc"


def test_a_response_without_an_end_is_not_whole(incoming: IncomingResult) -> None:
    deliver(incoming, b"ab", ended=False)
    assert (incoming.is_whole, incoming.so_far()) == (False, b"ab")


def test_an_empty_response_is_not_whole_and_keeps_the_bytes_of_the_one_before(incoming: IncomingResult) -> None:
    deliver(incoming, b"abc", ended=False)
    deliver(incoming)
    assert (incoming.is_whole, incoming.so_far()) == (False, b"abc")


def test_the_first_byte_of_a_response_discards_the_one_before(incoming: IncomingResult) -> None:
    deliver(incoming, b"abcdef", ended=False)
    deliver(incoming, b"xy")
    assert (incoming.is_whole, incoming.size) == (True, 2)
    assert incoming.finish(program_id=None)[:] == b"xy"


def test_a_large_response_is_a_mapped_file(incoming: IncomingResult) -> None:
    half = bytes(LARGE_BYTES // 2 + 1)
    deliver(incoming, half, half)
    source = incoming.finish(program_id=None)
    assert not isinstance(source, bytes)
    assert source[:] == half + half


@pytest.mark.parametrize("written", [0, 1, 3])
def test_a_disk_that_fails_leaves_all_bytes_in_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    write, left = os.write, [written]

    def limited(file: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(28, "No space left on device")
        taken = min(left[0], len(data))
        left[0] -= taken
        return write(file, data[:taken])

    incoming = IncomingResult("job", folder=tmp_path)
    incoming.open()
    monkeypatch.setattr(os, "write", limited)
    deliver(incoming, b"ab", b"cdef")
    with pytest.raises(ResultNotSaved, match=r"could not be saved.*No space left") as error:
        incoming.finish(program_id="sampler")
    incoming.close()
    assert (error.value.raw, error.value.job_id, error.value.path) == (b"abcdef", "job", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_space_is_refused_before_the_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": files.RESERVED_BYTES - 1}))
    with pytest.raises(ResultNotSaved, match=r"was not read.*choose another folder with save_to="):
        IncomingResult("job", folder=tmp_path).open()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("read_once", [True, False])
def test_only_the_bytes_of_a_result_that_can_be_read_once_stay_on_disk(tmp_path: Path, read_once: bool) -> None:
    incoming = IncomingResult("job", folder=tmp_path, read_once=read_once)
    incoming.open()
    deliver(incoming, b"abc", ended=False)
    incoming.close()
    assert [path.read_bytes() for path in tmp_path.glob("job.*.partial")] == [b"abc"] * read_once
    assert incoming.seconds == (files.READ_ONCE_SECONDS if read_once else 0.0)


@pytest.mark.parametrize("program_id", ["sampler", "my program.json", None])
def test_a_saved_result_is_found_and_loaded_with_its_program(tmp_path: Path, program_id: str | None) -> None:
    save_result(SAMPLER, "job.1", program_id=program_id, folder=tmp_path)
    path = saved_copy("job.1", tmp_path)
    assert path is not None
    assert load_result(path).raw == SAMPLER
    assert load_result(path)[0].counts() == {"1": 1}
    assert saved_copy("job", tmp_path) is None


def test_a_missing_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ResultUnavailable, match=r"cannot read a saved result from .*none\.json: No such file"):
        load_result(tmp_path / "none.json")
