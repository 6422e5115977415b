from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from typer.core import TyperGroup

from qiskit_runtime_rest.cli.app import COMMANDS, app

from .conftest import Run


def test_help_lists_every_command_and_the_exit_statuses(qrr: Run) -> None:
    result = qrr("--help")
    assert result.exit_code == 0
    assert all(f" {command} " in result.stdout for command in COMMANDS)
    assert "3 timed" in result.stdout


def test_the_help_has_the_first_sentence_of_each_command() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for name, entry in COMMANDS.items():
        assert str(group.commands[name].help).startswith(entry.summary.rstrip(".")), name


def test_a_command_that_was_meant_is_named(qrr: Run) -> None:
    assert "Did you mean 'jobs'?" in qrr("jbos").stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(qrr: Run, command: str) -> None:
    assert qrr(command, "--help").exit_code == 0


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("contract", "drift"), "comes with the generated files and the hand-written functions that it touches."),
        (("legacy", "run"), "the exit status are the script's; the report follows on stderr."),
    ],
)
def test_help_wraps_at_the_width_of_the_terminal(
    qrr: Run, environ: pytest.MonkeyPatch, command: tuple[str, ...], text: str
) -> None:
    environ.setenv("COLUMNS", "400")
    assert text in qrr(*command, "--help").stdout


def test_help_does_not_load_what_only_a_request_needs() -> None:
    code = (
        "import sys\n"
        "from qiskit_runtime_rest.cli.app import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "loaded = {'httpx', 'qiskit_runtime_api', 'starlette', 'qiskit', 'numpy', 'rich'} & set(sys.modules)\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [("--nonsense",), ("nonsense",), ("jobs", "--limit", "0"), ("wait",)])
def test_wrong_use_ends_with_status_2(qrr: Run, arguments: tuple[str, ...]) -> None:
    assert qrr(*arguments).exit_code == 2


def test_no_command_takes_the_api_key_as_an_argument(qrr: Run) -> None:
    for command in COMMANDS:
        text = qrr(command, "--help").stdout.lower()
        assert not any(option in text for option in ("--api-key", "--token ", "--key", "--apikey"))
