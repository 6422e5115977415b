"""`qrr usage`."""

from __future__ import annotations

from typing import Any

from .options import JsonOption, ServiceOptions, with_service_options
from .terminal import Column, fitting_table, print_json, stdout

__all__ = ["usage"]

LABELS = {
    "usage_consumed_seconds": "used",
    "usage_limit_seconds": "limit",
    "usage_allocation_seconds": "allocated",
    "usage_consumed_ru": "used (resource units)",
    "usage_limit_ru": "limit (resource units)",
    "usage_limit_reached": "limit reached",
}


@with_service_options
def usage(options: ServiceOptions, *, json: JsonOption = False) -> None:
    """Show what the instance has used, as QPU time and in resource units (RU), and its limits."""
    with options.client() as client:
        known = client.instances.usage()
    found: dict[str, Any] | None = None if known is None else known.to_dict()
    if json:
        print_json(found)
        return
    if found is None:
        stdout().print("The service does not know the usage of this instance.")
        return
    rows: list[tuple[str, object]] = [("instance", found.get("instance_id"))]
    for name, label in LABELS.items():
        if found.get(name) is not None:
            rows.append((label, _shown(found[name], unit="RU" if name.endswith("_ru") else "s")))
    period = found.get("usage_period") or {}
    if period.get("start_time") and period.get("end_time"):
        rows.append(("period", f"{period['start_time'][:10]} to {period['end_time'][:10]}"))
    console = stdout()
    columns = [Column("usage", needed=True), Column("", needed=True)]
    console.print(fitting_table(columns, rows, console=console))


def _shown(value: object, *, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f} {unit}" if isinstance(value, int | float) else str(value)
