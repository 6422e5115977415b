from __future__ import annotations

import pytest
import typer

from qiskit_runtime_rest import errors
from qiskit_runtime_rest.cli.exit_status import DEBUG, reporting_errors, status_of

SECRET = "value-of-a-local-variable"


def ending(error: BaseException) -> typer.Exit:
    def command() -> None:
        local = SECRET
        assert local
        raise error

    with pytest.raises(typer.Exit) as caught:
        reporting_errors(command)()
    return caught.value


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ConfigurationError("no"), 2),
        (errors.InvalidInput("no"), 2),
        (errors.MissingExtra("x", extra="cli"), 2),
        (errors.WaitTimeout(job_id="j", status="Queued", waited=1.0), 3),
        (errors.JobFailed(job_id="j", status="Failed"), 1),
        (errors.JobCancelled(job_id="j", status="Cancelled"), 1),
        (errors.NotFound("no", status=404), 1),
        (errors.TransportError("no", method="GET", url="http://x", sent=False), 1),
    ],
)
def test_each_kind_of_error_has_its_exit_status(error: errors.RuntimeRestError, status: int) -> None:
    assert status_of(error) == status
    assert ending(error).exit_code == status


def test_an_error_is_one_line_with_its_notes_and_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    error = errors.ConfigurationError("This cannot work. Do that.")
    error.add_note("Given up after 6 attempts.")
    ending(error)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "error: This cannot work. Do that. Given up after 6 attempts.\n")


def test_the_log_of_a_failed_job_is_left_out_with_a_command_that_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    ending(errors.JobFailed(job_id="x", status="Failed", reason="Bad circuit", log_tail="line 1\nline 2"))
    assert capsys.readouterr().err == (
        "error: job x: Failed: Bad circuit. To see the end of the log: qrr --debug wait x\n"
    )


def test_an_unexpected_error_shows_where_only_with_debug_and_never_the_locals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ending(RuntimeError("oh")).exit_code == 1
    err = capsys.readouterr().err
    assert "unexpected RuntimeError: oh" in err
    assert "--debug" in err
    assert "Traceback" not in err
    token = DEBUG.set(True)
    try:
        ending(RuntimeError("oh"))
    finally:
        DEBUG.reset(token)
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert SECRET not in err


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), typer.Abort()], ids=["at work", "at a prompt"])
def test_ctrl_c_ends_with_status_130(interruption: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(interruption).exit_code == 130
    assert capsys.readouterr().err.strip() == "interrupted."


def test_a_text_that_cannot_be_written_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(UnicodeEncodeError("utf-8", "a\udcff", 1, 2, "surrogates not allowed")).exit_code == 2
    err = capsys.readouterr().err
    assert err == "error: '\\udcff' cannot be written as utf-8: correct it, or use a locale with UTF-8.\n"
