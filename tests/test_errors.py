"""The errors: their tree, their messages, and pickles of them."""

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
def test_every_error_can_be_pickled_and_copied(name: str, protocol: int) -> None:
    error = make(name)
    error.add_note("noted")
    for restored in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(restored) is type(error)
        assert str(restored) == str(error)
        assert repr(restored) == repr(error)
        assert vars(restored) == vars(error)
        assert restored.__notes__ == ["noted"]


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_public_and_has_the_same_base(name: str) -> None:
    assert getattr(qiskit_runtime_rest, name) is CLASSES[name]
    assert name in qiskit_runtime_rest.__all__
    assert issubclass(CLASSES[name], errors.RuntimeRestError)


def test_the_documented_tree_is_that_of_the_classes() -> None:
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
def test_some_errors_are_also_builtin_errors(kind: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(kind, builtin)


def test_an_api_error_has_all_facts_in_one_line() -> None:
    text = str(make("NotFound"))
    assert text == (
        "No such job (HTTP 404, code 3250). Look again. "
        "[GET https://h/x; retry after 2.5 s; trace t; request r; Ray ID y] The body began: '<p>'"
    )


def test_an_api_error_leaves_out_missing_facts() -> None:
    assert str(errors.ApiError("Too large", status=400)) == "Too large (HTTP 400)."
    assert str(errors.ApiError("Busy", status=429, retry_after=0.0)) == "Busy (HTTP 429). [retry after 0 s]"


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    assert str(make("MissingExtra")) == (
        "The emulator needs an extra (starlette is not installed): pip install 'qiskit-runtime-rest[emulator]'"
    )


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (
            {"job_id": "x", "status": "Queued"},
            "job x is Queued after 1.5 s of waiting. It continues; wait again with client.jobs.get('x').wait() or "
            "`qrr wait x`.",
        ),
        (
            {"job_id": "a", "status": "Queued", "job_ids": list("abcd")},
            "4 jobs are not finished (a, b, c, ...) after 1.5 s of waiting. They continue; wait again with "
            "client.jobs.wait_all(error.job_ids).",
        ),
        (
            {"job_id": "", "status": "open", "session_id": "s"},
            "session s is open after 1.5 s of waiting. It continues; wait again with client.sessions.get('s').wait(), "
            "or close() it.",
        ),
        (
            {"job_id": "a", "status": "closed", "session_id": "s"},
            "session s is closed after 1.5 s of waiting. The service does not list all its jobs yet; wait again with "
            "client.sessions.get('s').wait().",
        ),
    ],
)
def test_a_wait_that_timed_out_says_how_to_wait_again(of: dict[str, Any], message: str) -> None:
    assert str(errors.WaitTimeout(**of, waited=1.46)) == message


@pytest.mark.parametrize(
    ("job_ids", "status", "message"),
    [
        (["x"], "Running", "stopped waiting: job x is Running. It continues."),
        (["x"], None, "stopped waiting: the status of job x is unknown. It continues."),
        (["x", "y"], None, "stopped waiting: 2 jobs are not finished (x, y). They continue."),
    ],
)
def test_a_stopped_wait_names_the_unfinished_jobs(job_ids: list[str], status: str | None, message: str) -> None:
    assert str(errors.WaitStopped(job_id=job_ids[0], status=status, job_ids=job_ids)) == message


@pytest.mark.parametrize(("count", "named"), [(1, "p0. The"), (3, "p0; p1; p2. The"), (4, "p0; p1; p2; and more. The")])
def test_a_contract_violation_names_its_first_problems(count: int, named: str) -> None:
    error = errors.ContractViolation(
        operation="GET /v1/jobs", status=200, api_version="2026-04-15", problems=[f"p{i}" for i in range(count)]
    )
    assert str(error).startswith(
        "the response to GET /v1/jobs (HTTP 200) breaks the contract of API version 2026-04-15"
    )
    assert f": {named} request itself has succeeded." in str(error)
    assert len(error.problems) == count


def test_control_characters_of_the_service_are_escaped_in_the_message_only() -> None:
    error = errors.ApiError("red\x1b[31m\ntext", status=500)
    assert str(error) == "red\\x1b[31m text (HTTP 500)."
    assert error.message == "red\x1b[31m\ntext"


def test_an_unknown_submission_is_looked_for_with_its_client_or_raised_again() -> None:
    error = errors.SubmissionUnknown("unknown", tag="t")
    with pytest.raises(errors.SubmissionUnknown) as again:
        error.recover()
    assert again.value is error
    error.look_again = lambda: "the job"
    assert error.recover() == "the job"
    assert pickle.loads(pickle.dumps(error)).look_again is None


def test_a_failed_job_has_its_reason_and_the_end_of_its_log() -> None:
    text = str(make("JobFailed"))
    assert text.startswith("job x: Failed: It broke (code 1517). Fix it.")
    assert text.endswith("line 1\nline 2")
    assert str(errors.JobCancelled(job_id="x", status="Cancelled")) == "job x: Cancelled."
