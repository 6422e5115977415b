"""The timeline of a job: how long it waited, how long it ran, and the QPU time that it is charged."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ..base.json_members import member_number, member_object
from ..errors import InvalidInput
from .picture import COLOURS, Picture, Theme, drawn, themed

__all__ = ["plot_timeline"]

WIDTH, HEIGHT = 7.0, 1.9


def plot_timeline(metrics: Any, *, title: str = "", theme: Theme = "light") -> Picture:
    """Draw when a job was created, began to run and ended.

    Args:
        metrics: of the job, as `job.metrics()` returns them, or as JSON.
        title: of the picture, such as the job's id.
        theme: `light` or `dark`.

    Raises:
        InvalidInput: the metrics have no times.
        MissingExtra: matplotlib is not installed.
    """
    measured = metrics if isinstance(metrics, Mapping) else metrics.to_dict()
    created, running, finished = _times(measured)
    last = finished or running
    if created is None or last is None:
        raise InvalidInput("the job has not begun to run: there is no timeline yet.")
    phases = [("queued", created, running or last, COLOURS[1]), ("ran", running, finished, COLOURS[0])]
    with themed(theme):
        picture, (axes,) = drawn(1, width=WIDTH, height=HEIGHT)
        for name, since, until, colour in phases:
            if since is None or until is None:
                continue
            start, length = (since - created).total_seconds(), (until - since).total_seconds()
            axes.barh(0, length, left=start, color=colour, height=0.5, label=f"{name} {length:.1f} s")
        axes.set_yticks([])
        axes.set_ylim(-0.6, 0.6)
        axes.set_xlabel(f"seconds since {created.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC")
        axes.spines["left"].set_visible(False)
        charged = member_number(member_object(measured, "usage"), "qpu_charge_time_seconds")
        axes.set_title(
            "  ".join(filter(None, [title, "" if charged is None else f"QPU time charged: {charged:.3g} s"]))
        )
        picture.legend(loc="outside upper right", ncols=2, frameon=False)
    return picture


def _times(measured: Mapping[str, Any]) -> list[datetime.datetime | None]:
    stamps = member_object(measured, "timestamps")
    return [_read(stamps.get(name)) for name in ("created", "running", "finished")]


def _read(value: object) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
