"""`qrr backends`."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.json_members import member_number, member_object
from ..errors import InvalidInput
from .options import JsonLinesOption, ServiceOptions, with_service_options
from .plot import PlotOption, Theme, ThemeOption, check_plot, save_picture
from .terminal import Column, fitting_table, print_json, say, stdout, working

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..client.backends import Backend

__all__ = ["backends", "backends_table"]

COLUMNS = (
    Column("backend", needed=True),
    Column("qubits", right=True),
    Column("state", needed=True),
    Column("queue", right=True),
    Column("2-qubit error", right=True),
    Column("readout error", right=True),
    Column("processor"),
)
TWO_QUBIT, READOUT = "two_q_error_median", "readout_error_median"


class Order(StrEnum):
    """What backends are sorted by."""

    NAME = "name"
    QUBITS = "qubits"
    QUEUE = "queue"
    ERROR = "error"
    READOUT = "readout"


KEYS: Mapping[Order, Callable[[Backend], Any]] = {
    Order.NAME: lambda backend: backend.name,
    Order.QUBITS: lambda backend: -(backend.num_qubits or 0),
    Order.QUEUE: lambda backend: math.inf if backend.queue_length is None else backend.queue_length,
    Order.ERROR: lambda backend: _or_last(_median(backend.raw, TWO_QUBIT)),
    Order.READOUT: lambda backend: _or_last(_median(backend.raw, READOUT)),
}
"""Sort keys: the most qubits, the shortest queue, the lowest error come first; what is not known comes last."""


@with_service_options
def backends(
    options: ServiceOptions,
    backend: Annotated[
        str | None, typer.Argument(metavar="[BACKEND]", help="Only this backend; with --plot, a map of it.")
    ] = None,
    *,
    name: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Only backends with such a name: 'ibm_*', or a part of it.")
    ] = None,
    min_qubits: Annotated[int, typer.Option(min=1, help="Only backends with this many qubits or more.")] = 1,
    online: Annotated[bool, typer.Option("--online", help="Only backends that run jobs now.")] = False,
    processor: Annotated[
        str | None, typer.Option(metavar="FAMILY", help="Only backends of this processor family, such as heron.")
    ] = None,
    max_error: Annotated[
        float | None, typer.Option(min=0, help="Only backends with such a median 2-qubit error or a lower one.")
    ] = None,
    max_queue: Annotated[
        int | None, typer.Option(min=0, help="Only backends with so many waiting jobs or fewer.")
    ] = None,
    sort: Annotated[Order, typer.Option(help="Sort by this.")] = Order.NAME,
    plot: PlotOption = None,
    theme: ThemeOption = Theme.LIGHT,
    json: JsonLinesOption = False,
) -> None:
    """List the backends of the instance, with their queues and errors."""
    if plot is not None:
        if backend is None:
            raise InvalidInput("--plot needs the backend to draw a map of: qrr backends BACKEND --plot FILE.")
        _draw_map(options, backend, plot, theme)
        return
    with options.client() as client, working("listing backends"):
        listed = client.backends.list() if backend is None else [client.backends.get(backend)]
    chosen = sorted(
        (
            one
            for one in listed
            if (name is None or _is_named(one.name, name))
            and (one.num_qubits or 0) >= min_qubits * (min_qubits > 1)
            and (not online or one.state == "online")
            and (processor is None or processor.lower() in _processor(one.raw).lower())
            and (max_error is None or _or_last(_median(one.raw, TWO_QUBIT)) <= max_error)
            and (max_queue is None or KEYS[Order.QUEUE](one) <= max_queue)
        ),
        key=lambda one: (KEYS[sort](one), one.name),
    )
    if json:
        for one in chosen:
            print_json(one.raw)
        return
    if not chosen:
        say(f"none of the {len(listed)} backends fits." if listed else "this instance has no backends.")
        return
    console = stdout()
    console.print(backends_table(chosen, console=console))


def _draw_map(options: ServiceOptions, name: str, file: Path, theme: Theme) -> None:
    """Draw the qubits and couplings of a backend, coloured by their errors."""
    check_plot(file)
    with options.client() as client, working(f"reading {name}"):
        found = client.backends.get(name)
        configuration, properties = found.configuration(), found.properties()
    from ..pictures import plot_device

    save_picture(plot_device(configuration, properties, theme=theme.value), file)


def backends_table(listed: Sequence[Backend], *, console: Console) -> Table:
    """A table of backends, from the fields of their list."""
    rows = [
        (
            backend.name,
            backend.num_qubits,
            backend.state,
            backend.queue_length,
            _percent(_median(backend.raw, TWO_QUBIT)),
            _percent(_median(backend.raw, READOUT)),
            _processor(backend.raw),
        )
        for backend in listed
    ]
    return fitting_table(COLUMNS, rows, console=console)


def _is_named(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern if set(pattern) & set("*?[") else f"*{pattern}*")


def _median(raw: Mapping[str, Any], name: str) -> float | None:
    return member_number(member_object(member_object(raw, "performance_metrics"), name), "value")


def _or_last(value: float | None) -> float:
    return math.inf if value is None else value


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.2%}".replace("%", " %")


def _processor(raw: Mapping[str, Any]) -> str:
    processor = member_object(raw, "processor_type")
    return f"{processor.get('family', '')} r{processor.get('revision', '')}" if processor else ""
