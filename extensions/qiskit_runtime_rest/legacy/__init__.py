"""Run scripts of the classic API again: `table` says what each call became; the folders use it.

`translation` converts requests and responses. `gateway` serves them on a socket, `interception` inside a process;
`scan` finds classic use in source files. `primitives` and `programs` hold what v1 does differently or not at all.

    from qiskit_runtime_rest import legacy

    with legacy.install() as installed:
        ...  # requests to the classic hosts are answered
    print(installed.report())

Public names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .interception.installation import Installed, install
    from .interception.report import Report, Use
    from .interception.running import run

__all__ = ["Installed", "Report", "Use", "install", "run"]

_ELSEWHERE = {
    "Installed": "interception.installation",
    "Report": "interception.report",
    "Use": "interception.report",
    "install": "interception.installation",
    "run": "interception.running",
}
"""Module of each public name."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_ELSEWHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
