"""A program, and the two forms in which the classic API told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .requests import TEXTS_OF_2021

__all__ = ["Program"]


@dataclass(frozen=True, kw_only=True)
class Program:
    """What describes a program.

    Attributes:
        id: unique; with ready-made programs the name.
        owner: who uploaded it; None: it is ready-made, and nobody's to change.
        cost: the longest that it may run, in seconds.
        spec: JSON schemas of what goes in and what comes out.
        created, updated: seconds since the epoch.
    """

    id: str
    owner: str | None = field(default=None, repr=False)
    name: str
    cost: int
    description: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tags: Sequence[str] = ()
    is_public: bool
    created: float
    updated: float

    @property
    def is_ready_made(self) -> bool:
        """Whether the service brought it: only such programs are run."""
        return self.owner is None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The JSON schema of a job's `params`."""
        schema: Mapping[str, Any] = self.spec.get("parameters", {})
        return schema

    def visible_to(self, owner: str | None) -> bool:
        """Whether that caller (None: not logged in) may know of it."""
        return self.is_public or (owner is not None and owner == self.owner)

    def as_json(self, *, era: str) -> dict[str, Any]:
        """The form of that era; never with the program's text."""
        described = {
            "id": self.id,
            "name": self.name,
            "cost": self.cost,
            "description": self.description,
            "spec": dict(self.spec),
            "is_public": self.is_public,
            "tags": list(self.tags),
            "creation_date": _utc(self.created),
            "update_date": _utc(self.updated),
        }
        return _of_2021(described) if era == "2021" else described


def _of_2021(described: Mapping[str, Any]) -> dict[str, Any]:
    spec = {old: json.dumps(described["spec"].get(name, {})) for name, old in TEXTS_OF_2021.items()}
    renamed = {"is_public": "isPublic", "creation_date": "creationDate", "update_date": "updateDate"}
    return {renamed.get(name, name): value for name, value in described.items() if name != "spec"} | spec


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
