from __future__ import annotations

import pytest
from rich.console import Console

from qiskit_runtime_rest.cli.terminal import Column, fitting_table

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
