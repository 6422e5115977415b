"""What a run showed: which part of the contract was met where."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from attrs import frozen

from qiskit_runtime_rest.contract.sources import vendored

__all__ = ["CHECK", "Fact", "Item", "Record"]

CHECK = "make contract"
"""Where answers were met that no test file asked for."""


class Item(NamedTuple):
    """A part of the contract to be tested: of an `operation` (`GET /v1/jobs`), the `status` 404, say."""

    operation: str
    aspect: str
    name: str


class Fact(NamedTuple):
    """An `item` was met, by the tests of a file (its path in the repository) or by `make contract`."""

    item: Item
    where: str


@frozen
class Record:
    """The facts of some runs, and where they could have come from: where nothing ran, nothing is known."""

    facts: frozenset[Fact] = frozenset()
    ran: frozenset[str] = frozenset()

    def __or__(self, other: Record) -> Record:
        """What both showed."""
        return Record(self.facts | other.facts, self.ran | other.ran)

    def as_json(self) -> dict[str, Any]:
        """A JSON object, the same for the same record."""
        return {"ran": sorted(self.ran), "facts": sorted([*item, where] for item, where in self.facts)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Record:
        """What `as_json` gave, or the report of `qrr contract check`."""
        if "reports" in content:
            return _of_check(report["answers"] for report in content["reports"])
        return cls(frozenset(Fact(Item(*item), where) for *item, where in content["facts"]), frozenset(content["ran"]))

    @classmethod
    def read(cls, path: Path) -> Record:
        """The record in a file."""
        return cls.from_json(json.loads(path.read_text("utf-8")))

    def write(self, path: Path) -> None:
        """Keep the record in a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.as_json(), indent=0), "utf-8")


def _of_check(answers: Iterable[Mapping[str, int]]) -> Record:
    """`answers`: how often each status came, by the contract's id of the operation and the status: `get_job 200`."""
    names = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, item in vendored()["paths"].items()
        for method, operation in item.items()
    }
    asked = {tuple(key.split()) for counts in answers for key in counts}
    facts = (Fact(Item(names[name], "status", status), CHECK) for name, status in asked)
    return Record(frozenset(facts), frozenset({CHECK}))
