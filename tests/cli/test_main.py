"""`qrr` as a process: output that cannot be written, and missing extras."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import HANG_SECONDS, Process

COMMANDS = [("backends",), ("backends", "--json"), ("--help",), ("jobs", "--help")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_closed_pipe_ends_it_silently_with_status_141(process: Process, command: tuple[str, ...]) -> None:
    child = process(*command)
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    assert child.stderr.read() == ""
    assert child.wait(timeout=HANG_SECONDS) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_full_disk_is_an_error_in_one_line(environ: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "qiskit_runtime_rest", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: the output could not be written: No space left on device.\n"


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_without_the_extra_the_command_line_says_how_to_install_it(module: str) -> None:
    start = f"import sys; sys.argv = ['qrr', 'backends']; sys.modules['{module}'] = None"
    code = f"{start}\nfrom qiskit_runtime_rest.__main__ import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'qiskit-runtime-rest[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_runs_as_a_module_under_its_own_name(process: Process) -> None:
    from qiskit_runtime_rest import __version__

    out, _ = process("--version").communicate()
    assert out.strip() == __version__
    _, err = process("nonsense").communicate()
    assert "Usage: qrr " in err


@pytest.mark.parametrize("module", ["typer", "qiskit_runtime_rest.cli.backends"])
def test_ctrl_c_during_the_start_ends_with_status_130_and_no_traceback(
    environ: pytest.MonkeyPatch, module: str
) -> None:
    script = f"""
import os, signal, sys

class Interrupts:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
sys.argv = ["qrr", "backends"]
from qiskit_runtime_rest.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted.\n")


@pytest.mark.skipif(os.name != "posix", reason="needs a shell that closes streams")
@pytest.mark.parametrize(
    ("command", "status", "err"),
    [("submit sampler - --backend x <&-", 2, "error: pub 0: the circuit is empty"), ("docs map >&-", 0, "")],
)
def test_a_stream_that_is_closed_is_an_empty_one(
    environ: pytest.MonkeyPatch, command: str, status: int, err: str
) -> None:
    done = subprocess.run(
        f"{sys.executable} -m qiskit_runtime_rest {command}", shell=True, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(err)
    assert "unexpected" not in done.stderr
