"""The errors themselves: their tree, what they say, and that they survive a pickle."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest

import qiskit_runtime_rest
from qiskit_runtime_rest import errors

JOB: dict[str, Any] = {"job_id": "x", "status": "Failed", "reason": "It broke.", "code": 1517, "solution": "Fix it."}
ANSWER: dict[str, Any] = {
    **{"status": 404, "code": 3250, "solution": "Look again.", "more_info": "https://h", "trace": "t"},
    **{"request_id": "r", "ray_id": "y", "retry_after": 2.5, "method": "GET", "url": "https://h/x", "excerpt": "<p>"},
}
MADE: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "ResultNotSaved": (("message",), {"job_id": "j1", "path": "/full", "raw": b"abc"}),
    "MissingExtra": (("The emulator",), {"extra": "emulator", "module": "starlette"}),
    "ClientClosed": (("closed",), {"method": "GET", "url": "https://h", "sent": False}),
    "TransportError": (("lost",), {"method": "GET", "url": "https://h", "sent": True}),
    "WaitTimeout": ((), {"job_id": "x", "status": "Queued", "waited": 1.5}),
    "WaitStopped": ((), {"job_id": "x", "status": None}),
    "SubmissionUnknown": (("unknown",), {"tag": "t", "request": {"params": {}}}),
    "ResultUnavailable": (("none",), {"job_id": "x"}),
    "ResultDecodeError": (("odd",), {"raw": b"\x00\xff"}),
    "ContractViolation": (
        (),
        {"operation": "GET /v1/jobs/{id}", "status": 200, "api_version": "2026-04-15", "problems": ["$: is null"]},
    ),
    "RemovedInV1": (("gone.",), {"replacement": "Use jobs."}),
}
CLASSES: dict[str, type[errors.RuntimeRestError]] = {
    name: getattr(errors, name) for name in errors.__all__ if issubclass(getattr(errors, name), errors.RuntimeRestError)
}


def make(name: str) -> errors.RuntimeRestError:
    kind = CLASSES[name]
    if issubclass(kind, errors.ApiError):
        return kind("No such job.", **ANSWER)
    if issubclass(kind, errors.JobError):
        return kind(**JOB, log_tail="line 1\nline 2")
    args, options = MADE.get(name, (("message",), {}))
    return kind(*args, **options)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_survives_a_pickle(name: str, protocol: int) -> None:
    error = make(name)
    error.add_note("noted")
    for restored in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(restored) is type(error)
        assert str(restored) == str(error)
        assert repr(restored) == repr(error)
        assert vars(restored) == vars(error)
        assert restored.__notes__ == ["noted"]


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_public_and_of_one_family(name: str) -> None:
    assert getattr(qiskit_runtime_rest, name) is CLASSES[name]
    assert name in qiskit_runtime_rest.__all__
    assert issubclass(CLASSES[name], errors.RuntimeRestError)


def test_the_tree_in_the_documentation_is_the_tree_of_the_classes() -> None:
    drawn: dict[str, str | None] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+)", line):
            depth = len(found[1]) // 4
            if found[1] or line.startswith("RuntimeRestError"):
                path[depth:] = [found[2]]
                drawn[found[2]] = path[depth - 1] if depth else None
    family = {name: kind.__mro__[1].__name__ for name, kind in CLASSES.items() if kind is not errors.RuntimeRestError}
    assert drawn == {**family, "RuntimeRestError": None}


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [(errors.WaitTimeout, TimeoutError), (errors.MissingExtra, ImportError), (errors.InvalidInput, ValueError)],
)
def test_some_errors_are_also_what_python_calls_them(kind: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(kind, builtin)


def test_an_api_error_says_everything_in_one_line() -> None:
    text = str(make("NotFound"))
    assert text == (
        "No such job (HTTP 404, code 3250). Look again. "
        "[GET https://h/x; asks to wait 2.5 s; trace t; request r; Ray ID y] The body began: '<p>'"
    )


def test_an_api_error_says_nothing_it_does_not_know() -> None:
    assert str(errors.ApiError("Told so", status=400)) == "Told so (HTTP 400)."
    assert str(errors.ApiError("Told so", status=429, retry_after=0.0)).count("0 s") == 1


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    assert str(make("MissingExtra")) == (
        "The emulator needs an extra (starlette is not installed): pip install 'qiskit-runtime-rest[emulator]'"
    )


def test_a_wait_that_timed_out_says_how_to_come_back() -> None:
    assert "client.jobs.get('x').wait()" in str(make("WaitTimeout"))
    assert "qrr wait x" in str(make("WaitTimeout"))


def test_a_failed_job_says_why_and_shows_the_end_of_its_log() -> None:
    text = str(make("JobFailed"))
    assert text.startswith("job x: Failed: It broke (code 1517). Fix it.")
    assert text.endswith("line 1\nline 2")
    assert str(errors.JobCancelled(job_id="x", status="Cancelled")) == "job x: Cancelled."
