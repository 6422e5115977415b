"""The conveniences: public methods of what users hold, whether it blocks or is awaited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import isfunction
from typing import Any

from qiskit_runtime_rest.contract.conveniences import conveniences
from qiskit_runtime_rest.effects import AsyncFace, SyncFace

__all__ = ["methods", "reached", "shown"]

MODULES = ("backends", "client", "instances", "job", "jobs", "sessions")


def methods() -> Iterator[tuple[type, str, Callable[..., Any]]]:
    """Every public method of every face: the class, its name, and the function."""
    for module in MODULES:
        import_module(f"qiskit_runtime_rest.{module}")
    for face in (*SyncFace.__subclasses__(), *AsyncFace.__subclasses__()):
        if face.__module__.removeprefix("qiskit_runtime_rest.") in MODULES:
            for name, value in vars(face).items():
                if isfunction(value) and not name.startswith("_"):
                    yield face, name, value


def shown(qualified: str) -> str:
    """`Job.cancel` for `JobOperations.cancel`, `Sessions.create` for `AsyncSessions.create`."""
    owner, _, name = qualified.rpartition(".")
    return f"{owner.rpartition('.')[2].removeprefix('Async').removesuffix('Operations')}.{name}"


def reached() -> dict[str, set[str]]:
    """Conveniences by the generated module (`jobs.get_job`) of each operation that their source leads to."""
    public = {shown(function.__qualname__) for _, _, function in methods()}
    found: dict[str, set[str]] = {}
    for one in conveniences():
        if shown(one.name) in public:
            for module in one.operations:
                found.setdefault(module, set()).add(shown(one.name))
    return found
