"""The conveniences: public methods of what users hold, whether it blocks or is awaited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import isfunction
from typing import Any

from qiskit_runtime_rest.client.operations import OPERATIONS

__all__ = ["methods", "reached", "shown"]

MODULES = ("backends", "client", "instances", "job", "jobs", "sessions", "submit")
OWNERS = {"Client": "RuntimeClient", "Submissions": "RuntimeClient"}


def methods() -> Iterator[tuple[type, str, Callable[..., Any]]]:
    """Every public method that sends operations, for threads and for tasks: the class, its name, and the function."""
    for module in MODULES:
        for public in vars(import_module(f"qiskit_runtime_rest.client.{module}")).values():
            for cls in public.__mro__ if isinstance(public, type) else ():
                for name, value in vars(cls).items():
                    if isfunction(value) and shown(value.__qualname__) in OPERATIONS and not name.startswith("_"):
                        yield cls, name, value


def shown(qualified: str) -> str:
    """`Sessions.create` for `AsyncSessionsLogic.create`: a method's public name."""
    owner, _, name = qualified.rpartition(".")
    plain = owner.rpartition(".")[2].removeprefix("Async").removeprefix("Sync").removesuffix("Logic")
    return f"{OWNERS.get(plain, plain)}.{name}"


def reached() -> dict[str, set[str]]:
    """Public methods, by the generated module (`jobs.get_job`) of each operation that they declare."""
    found: dict[str, set[str]] = {}
    for name, modules in OPERATIONS.items():
        for module in modules:
            found.setdefault(module, set()).add(name)
    return found
