"""The lower layers against the embedded service, whose faults were written by somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qiskit_runtime_rest import (
    ApiError,
    AuthenticationError,
    BackendReserved,
    EdgeBlocked,
    NotFound,
    RetryPolicy,
    ServerError,
    TransportError,
    UnexpectedAnswer,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import Connect, Face


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(workers=1) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def face(emulator: Emulator, connect: Connect) -> Face:
    return connect_to(emulator, connect)


def connect_to(emulator: Emulator, connect: Connect, **options: Any) -> Face:
    urls = {"base_url": emulator.base_url, "iam_url": emulator.iam_url}
    return connect(**{**urls, "instance": emulator.instance, "api_key": emulator.api_key, **options})


def names(face: Face) -> list[str]:
    return [backend.name for backend in face.do(lambda client: client.backends.list())]


def test_the_key_is_exchanged_and_the_devices_are_listed(face: Face) -> None:
    assert "ibm_fez" in names(face)


def test_an_unknown_job_is_not_found(face: Face) -> None:
    with pytest.raises(NotFound) as caught:
        face.do(lambda client: client.jobs.get("d00000000000000000000"))
    assert caught.value.code == 1291


def test_a_bad_key_is_refused_in_iams_words(emulator: Emulator, connect: Connect) -> None:
    with pytest.raises(AuthenticationError, match="IAM: ") as caught:
        names(connect_to(emulator, connect, api_key="not-the-key-that-it-knows"))
    assert str(caught.value.code).startswith("BXNIM")
    assert "not-the-key-that-it-knows" not in str(caught.value)


@pytest.mark.parametrize(
    "kind",
    ["server_error", "unavailable", "bad_gateway", "rate_limited", "edge_error", "expired_token", "reset", "truncated"],
)
def test_a_passing_fault_goes_unnoticed(emulator: Emulator, face: Face, kind: str) -> None:
    emulator.faults.add("list_backends", kind=kind, times=1)
    assert "ibm_fez" in names(face)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("server_error", ServerError),
        ("edge_error", ServerError),
        ("edge_block", EdgeBlocked),
        ("backend_reserved", BackendReserved),
        ("expired_token", AuthenticationError),
        ("reset", TransportError),
        ("truncated", TransportError),
    ],
)
def test_a_lasting_fault_is_a_typed_error(
    emulator: Emulator, connect: Connect, kind: str, error: type[Exception]
) -> None:
    emulator.faults.add("list_backends", kind=kind, times=None)
    face = connect_to(emulator, connect, retries=RetryPolicy(attempts=2, random=lambda: 0.0))
    with pytest.raises(error) as caught:
        names(face)
    assert type(caught.value) is error
    if isinstance(caught.value, ApiError) and kind.startswith("edge"):
        assert caught.value.ray_id


def test_a_success_that_is_a_page_is_an_unexpected_answer(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("list_backends", status=200, html="<html>Welcome to the hotel</html>", times=None)
    with pytest.raises(UnexpectedAnswer, match="Welcome to the hotel"):
        names(face)
