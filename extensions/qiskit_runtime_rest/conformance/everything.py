"""The whole check of the embedded service: all operations, through a socket and in process, side by side."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from functools import partial

from ..contract.sources import vendored
from .embedded import in_process, over_socket
from .exceptions import exceptions
from .report import Report
from .run import STATIONS, Plan, Target, check

__all__ = ["check_embedded"]

WAYS: Mapping[str, Callable[[], AbstractContextManager[Target]]] = {"socket": over_socket, "in process": in_process}

UNREACHABLE: Mapping[tuple[str, int], str] = {
    ("get_transpiled_circuits_jid", 200): "dropped from the service with API version 2026-02-01",
}
"""Successes that the contract documents and a check does not meet, with the reason."""


def check_embedded(*, seed: int | None = None, examples: int | None = None) -> tuple[Sequence[Report], Sequence[str]]:
    """Check the embedded service in each way, one process each; give the reports, and what is wrong with the check.

    What is wrong with the check: an answer that it never met, without which it shows nothing, and, at the numbers of
    `schemathesis.toml`, an exception that was not needed.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(WAYS), mp_context=spawn) as pool:
        reports = list(pool.map(partial(_check, seed=seed, examples=examples), WAYS))
    problems = [
        f"{report.target}: {operation} never answered {status}, so that the check shows nothing of it."
        for report in reports
        for operation, status in report.unmet(_wanted())
    ]
    if seed is None and examples is None:
        needed = set().union(*(report.excused for report in reports))
        problems += [
            f"exceptions.toml: {one.failure} at {one.operation} ({one.because}) was not needed: delete it."
            for one in exceptions()
            if one not in needed
        ]
    return reports, problems


def _check(way: str, *, seed: int | None, examples: int | None) -> Report:
    with WAYS[way]() as target:
        return check(target, Plan(seed=seed, examples=examples))


def _wanted() -> frozenset[tuple[str, int]]:
    successes = {
        (operation["operationId"], int(status))
        for item in vendored()["paths"].values()
        for operation in item.values()
        for status in operation["responses"]
        if status.startswith("2")
    }
    return frozenset(successes | STATIONS) - UNREACHABLE.keys()
