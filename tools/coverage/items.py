"""What there is to test of each operation, read from the contract and from the source of the client."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from qiskit_runtime_rest.config.api_versions import SUNSETS
from qiskit_runtime_rest.contract.generated import operation_files
from qiskit_runtime_rest.contract.sources import vendored

from .faces import reached
from .record import Item

__all__ = ["ASPECTS", "FUNCTIONS", "items"]

ASPECTS: Mapping[str, str] = {
    "function": "generated call",
    "convenience": "convenience",
    "status": "documented statuses",
    "version": "API versions",
}
"""Each with the head of its column."""

FUNCTIONS: Mapping[str, str] = {"sync_detailed": "sync", "asyncio_detailed": "asyncio"}
"""The generated functions that send, each with the name that the table has for it and the one on top of it."""


@cache
def items() -> Mapping[str, Mapping[str, tuple[Item, ...]]]:
    """By operation and aspect, both in the order of the table; no two are the same."""
    conveniences = reached()
    names = {
        f"{method.upper()} {path}": {
            "function": tuple(FUNCTIONS.values()),
            "convenience": sorted(conveniences.get(operation_files()[f"{method.upper()} {path}"].module, ())),
            "status": sorted(operation["responses"]),
            "version": sorted(SUNSETS),
        }
        for path, item in vendored()["paths"].items()
        for method, operation in item.items()
    }
    return {
        operation: {aspect: tuple(Item(operation, aspect, name) for name in found) for aspect, found in row.items()}
        for operation, row in names.items()
    }
