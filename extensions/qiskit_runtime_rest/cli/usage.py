"""`qrr usage`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..base.json_members import member_number, member_object
from .options import JsonOption, ServiceOptions, with_service_options
from .results import bar
from .terminal import Column, fitting_table, print_json, stdout, working

__all__ = ["usage"]

LABELS = {
    "usage_consumed_seconds": "used",
    "usage_remaining_seconds": "left",
    "usage_limit_seconds": "limit",
    "usage_allocation_seconds": "allocated",
    "usage_consumed_ru": "used (resource units)",
    "usage_limit_ru": "limit (resource units)",
    "usage_limit_reached": "limit reached",
}
BARS = {
    "usage_consumed_seconds": "usage_limit_seconds",
    "usage_consumed_ru": "usage_limit_ru",
}
"""What is used, and the limit that its bar shows it against."""

BAR_LENGTH = 30


@with_service_options
def usage(options: ServiceOptions, *, json: JsonOption = False) -> None:
    """Show what the instance has used, as QPU time and in resource units (RU), and its limits."""
    with options.client() as client, working("reading the usage"):
        known = client.instances.usage()
    found: dict[str, Any] | None = None if known is None else known.to_dict()
    if json:
        print_json(found)
        return
    console = stdout()
    if found is None:
        console.print("The service does not know the usage of this instance.")
        return
    ascii_only = not console.encoding.lower().startswith("utf")
    columns = [Column("usage", needed=True), Column("", needed=True), Column("")]
    console.print(fitting_table(columns, list(_rows(found, ascii_only=ascii_only)), console=console))


def _rows(found: Mapping[str, Any], *, ascii_only: bool) -> Iterator[tuple[str, object, str]]:
    yield "instance", found.get("instance_id"), ""
    for name, label in LABELS.items():
        if found.get(name) is not None:
            shown = _shown(found[name], unit="RU" if name.endswith("_ru") else "s")
            yield label, shown, _bar(found, name, ascii_only=ascii_only)
    period = member_object(found, "usage_period")
    if period.get("start_time") and period.get("end_time"):
        yield "period", f"{period['start_time'][:10]} to {period['end_time'][:10]}", ""


def _bar(found: Mapping[str, Any], name: str, *, ascii_only: bool) -> str:
    limit = member_number(found, BARS.get(name, ""))
    used = member_number(found, name)
    if not limit or used is None:
        return ""
    share = used / limit
    drawn = bar(share, length=BAR_LENGTH, ascii_only=ascii_only)
    return f"{drawn:<{BAR_LENGTH}} {share:.0%}".replace("%", " %")


def _shown(value: object, *, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f} {unit}" if isinstance(value, int | float) else str(value)
