"""`qrr backends`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .options import JsonOption, ServiceOptions, with_service_options
from .terminal import Column, fitting_table, print_json, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    Column("processor"),
)


@with_service_options
def backends(options: ServiceOptions, *, json: JsonOption = False) -> None:
    """List the backends of the instance."""
    with options.client() as client:
        listed = client.backends.list()
    if json:
        print_json([backend.raw for backend in listed])
        return
    console = stdout()
    console.print(backends_table(sorted(listed, key=lambda backend: backend.name), console=console))


def backends_table(listed: Sequence[Backend], *, console: Console) -> Table:
    """A table of backends, from the fields of their list."""
    rows = [
        (
            backend.name,
            backend.num_qubits,
            backend.state,
            backend.queue_length,
            _median_error(backend.raw),
            _processor(backend.raw),
        )
        for backend in listed
    ]
    return fitting_table(COLUMNS, rows, console=console)


def _median_error(raw: dict[str, Any]) -> str | None:
    median = (raw.get("performance_metrics") or {}).get("two_q_error_median") or {}
    return f"{median['value']:.2%}".replace("%", " %") if isinstance(median.get("value"), int | float) else None


def _processor(raw: dict[str, Any]) -> str:
    processor = raw.get("processor_type") or {}
    return f"{processor.get('family', '')} r{processor.get('revision', '')}" if processor else ""
