"""The conveniences: public methods of what users hold, whether it blocks or is awaited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from inspect import isfunction
from typing import Any

from qiskit_runtime_rest.contract.conveniences import conveniences
from qiskit_runtime_rest.plans.faces import AsyncFace, SyncFace

__all__ = ["methods", "reached", "shown"]

MODULES = ("backends", "client", "instances", "job", "jobs", "sessions")

NEVER: Mapping[tuple[str, str], str] = {
    ("Job.result", "jobs.list_jobs"): "one job is asked for by itself, only several are followed through the list",
    ("Job.wait", "jobs.list_jobs"): "the same",
    ("Jobs.as_completed", "jobs.get_job_logs"): "logs explain a failure that is raised, and a job's is kept on it",
    ("Jobs.wait_all", "jobs.get_job_logs"): "the same",
    ("Session.wait", "backends.list_backends"): "queues are listed for `on_status`, which it does not have",
}
"""Where the source seems to lead, since functions share it, and no call goes."""


def methods() -> Iterator[tuple[type, str, Callable[..., Any]]]:
    """Every public method of every face: the class, its name, and the function."""
    for module in MODULES:
        import_module(f"qiskit_runtime_rest.client.{module}")
    for face in (*SyncFace.__subclasses__(), *AsyncFace.__subclasses__()):
        if face.__module__.removeprefix("qiskit_runtime_rest.client.") in MODULES:
            for name, value in vars(face).items():
                if isfunction(value) and not name.startswith("_"):
                    yield face, name, value


def shown(qualified: str) -> str:
    """`Job.cancel` for `JobOperations.cancel`, `Sessions.create` for `AsyncSessions.create`."""
    owner, _, name = qualified.rpartition(".")
    return f"{owner.rpartition('.')[2].removeprefix('Async').removesuffix('Operations')}.{name}"


def reached() -> dict[str, set[str]]:
    """Conveniences, by the generated module (`jobs.get_job`) of each operation that they lead to."""
    public = {shown(function.__qualname__) for _, _, function in methods()}
    found: dict[str, set[str]] = {}
    for one in conveniences():
        name = shown(one.name)
        if name in public:
            for module in one.operations:
                if (name, module) not in NEVER:
                    found.setdefault(module, set()).add(name)
    return found
