from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live

from qiskit_runtime_api.http_library import httpx
from qiskit_runtime_rest.cli.terminal import Column, fitting_table
from qiskit_runtime_rest.testing import Emulator

from .conftest import Run

COLUMNS = (Column("job", needed=True), Column("status", needed=True), Column("backend"), Column("tags"))
ROW = ("d1a2b3c4d5e6f7g8h9i0", "Completed", "ibm_fez", "a, b")


def lines(width: int) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(fitting_table(COLUMNS, [ROW], console=console))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, ["job", "status", "backend", "tags"]),
        (44, ["job", "status", "backend"]),
        (33, ["job", "status"]),
    ],
)
def test_columns_that_do_not_fit_are_left_out_the_last_first(width: int, titles: list[str]) -> None:
    head, row = lines(width)
    assert head.split() == titles
    assert row.startswith("d1a2b3c4d5e6f7g8h9i0  Completed")


def test_needed_columns_stay_whole_on_more_lines_when_even_they_do_not_fit() -> None:
    text = "".join(lines(16)).replace(" ", "")
    assert "status" in text
    assert not any("…" in line for line in lines(16))


def test_text_of_the_service_is_no_markup() -> None:
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(fitting_table([Column("tags")], [["[red]x[/red]"], [None]], console=console))
    assert "[red]x[/red]" in capture.get()


LOOKS_AT_THE_SERVICE = [
    ("jobs",),
    ("show", "JOB"),
    ("wait", "JOB", "JOB2"),
    ("result", "JOB"),
    ("logs", "JOB"),
    ("metrics", "JOB"),
    ("tags", "JOB"),
    ("tags", "--search", "first"),
    ("sessions", "list"),
    ("backends",),
    ("usage",),
    ("versions",),
    ("doctor",),
    ("submit", "sampler", "FILE", "--backend", "ibm_fez", "--wait"),
    ("cancel", "JOB"),
    ("delete", "JOB2", "--yes"),
]


@pytest.mark.parametrize("instance", ["CRN", "emulator"])
def test_every_request_shows_that_it_is_waited_for(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator, bell: str, instance: str
) -> None:
    """A slow answer can come to any of them. An instance that is given by its name is looked up first."""
    jobs = qrr("submit", "sampler", bell, bell, "--each", "--backend", "ibm_fez", "--tag", "first").stdout.split()
    words = {"FILE": bell, "JOB": jobs[0], "JOB2": jobs[1]}
    environ.setenv("TTY_COMPATIBLE", "1")
    if instance != "CRN":
        environ.setenv("QISKIT_IBM_INSTANCE", instance)
    shown: list[bool] = []
    running = 0

    def counted(by: int, before: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: Any, **options: Any) -> object:
            nonlocal running
            running += by
            return before(*arguments, **options)

        return call

    environ.setattr(Live, "start", counted(1, Live.start))
    environ.setattr(Live, "stop", counted(-1, Live.stop))
    sent = httpx.Client.send

    def send(*arguments: Any, **options: Any) -> httpx.Response:
        shown.append(running > 0)
        return sent(*arguments, **options)

    environ.setattr(httpx.Client, "send", send)
    silent = []
    for command in LOOKS_AT_THE_SERVICE:
        shown.clear()
        qrr(*(words.get(word, word) for word in command))
        if not shown or not all(shown):
            silent.append((command, shown.copy()))
    assert silent == []
