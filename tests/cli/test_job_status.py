from __future__ import annotations

import pytest
import typer

from qiskit_runtime_rest.cli.job_status import showing_status
from qiskit_runtime_rest.waiting import StatusUpdate


def test_without_a_terminal_each_status_is_a_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_status("x") as on_status:
        on_status(StatusUpdate("Queued"))
        on_status(StatusUpdate("Running\x1b[2J"))
    assert capsys.readouterr() == ("", "job x: Queued\njob x: Running\\x1b[2J\n")


@pytest.mark.parametrize(("on_interrupt", "advice"), [(None, "qrr wait x"), ("it is gone.", "it is gone.")])
def test_an_interrupt_ends_with_status_130_and_advice(
    on_interrupt: str | None, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as caught, showing_status("x", on_interrupt=on_interrupt):
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert advice in capsys.readouterr().err
