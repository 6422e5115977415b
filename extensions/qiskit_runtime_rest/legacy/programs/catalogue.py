"""The classic programs: the ready-made ones, and those that users upload to the store."""

from __future__ import annotations

import json
import re
import secrets
import string
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from sqlite3 import Connection, Row
from typing import Any

from ..messages import (
    INVALID_CREDENTIALS,
    NOT_AUTHORIZED,
    PROGRAM_NOT_FOUND,
    ClassicError,
    ClassicRequest,
    ClassicResponse,
)
from ..store import Store
from .requests import TEXTS_OF_2021, check, read_filters, read_metadata, read_text, read_upload

__all__ = ["Program", "Programs", "ready_made"]
METADATA = ("name", "cost", "description", "spec", "tags")
COLUMNS = "id, owner, is_public, metadata, created, updated"
ALPHABET = string.ascii_letters + string.digits
SUFFIX_LENGTH = 10


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program of the classic API.

    Attributes:
        id: unique; the name, for ready-made programs.
        owner: the caller that uploaded it; None: it is ready-made and cannot be changed.
        cost: the longest run time, in seconds.
        spec: JSON schemas of parameters and results.
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
        """Whether the service provided it: only such programs run."""
        return self.owner is None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The JSON schema of a job's `params`."""
        schema: Mapping[str, Any] = self.spec.get("parameters", {})
        return schema

    def visible_to(self, owner: str | None) -> bool:
        """Whether this caller (None: not logged in) may see it."""
        return self.is_public or (owner is not None and owner == self.owner)

    def as_json(self, *, era: str) -> dict[str, Any]:
        """The program in the form of `era`, without its text."""
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


@cache
def ready_made() -> Mapping[str, Program]:
    """The ready-made programs, by id."""
    text = resources.files(__package__).joinpath("ready_made.json").read_text("utf-8")
    rows = [row | {"created": datetime.fromisoformat(row["created"]).timestamp()} for row in json.loads(text)]
    return {row["id"]: Program(**row, updated=row["created"], is_public=True) for row in rows}


class Programs:
    """The classic Programs API over a store. Blocking; threads and processes may share the store."""

    def __init__(self, store: Store, *, now: Callable[[], float] = time.time) -> None:
        """`now`: seconds since the epoch."""
        self._store = store
        self._now = now

    def handle(
        self, action: str, request: ClassicRequest, names: dict[str, str], *, owner: str | None, era: str
    ) -> ClassicResponse:
        """Respond to a request of the Programs API.

        Args:
            action: the part after `programs.` of the route's `handler`.
            request: the request.
            names: the values in its path.
            owner: the caller; None: not logged in.
            era: "2021" or "2023", the form of bodies.

        Raises:
            ClassicError: 400, 401, 403, 404 or 413.
        """
        if action == "list":
            return self._list(request, owner=owner, era=era)
        if action == "read":
            return self._read(names["id"], owner=owner, era=era)
        if owner is None:
            raise ClassicError(INVALID_CREDENTIALS)
        if action == "upload":
            return self._upload(request, owner=owner, era=era)
        self._change(action, request, names["id"], owner=owner, era=era)
        return ClassicResponse(status=204)

    def find(self, program_id: str, *, owner: str | None) -> Program:
        """The program, if the caller may see it.

        Raises:
            ClassicError: 404.
        """
        if program_id in ready_made():
            return ready_made()[program_id]
        with self._store.transaction() as connection:
            return _find(connection, program_id, owner=owner)

    def check_params(self, program: Program, params: Any) -> None:
        """Check a job's `params` against the schema of a ready-made program; others never run.

        Raises:
            ClassicError: 400, naming the parameter: `params.circuits: ...`.
        """
        if program.is_ready_made:
            check(program.parameters, params, name="params")

    def _list(self, request: ClassicRequest, *, owner: str | None, era: str) -> ClassicResponse:
        filters = read_filters(request)
        with self._store.transaction() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM programs WHERE is_public OR owner = ? ORDER BY created DESC, rowid DESC",  # noqa: S608
                (owner,),
            ).fetchall()
        everything = [*ready_made().values(), *map(_program, rows)]
        matching = [program for program in everything if _matches(program, filters)]
        limit, offset = filters["limit"], filters["offset"]
        page = [program.as_json(era=era) for program in matching[offset : offset + limit]]
        if era == "2021":
            return ClassicResponse.of_json(page)
        return ClassicResponse.of_json({"programs": page, "count": len(matching), "limit": limit, "offset": offset})

    def _read(self, program_id: str, *, owner: str | None, era: str) -> ClassicResponse:
        if program_id in ready_made():
            return ClassicResponse.of_json(ready_made()[program_id].as_json(era=era))
        with self._store.transaction() as connection:
            program = _find(connection, program_id, owner=owner)
            response = program.as_json(era=era)
            if program.owner == owner:
                row = connection.execute("SELECT data FROM programs WHERE id = ?", (program_id,)).fetchone()
                response["data"] = row["data"]
        return ClassicResponse.of_json(response)

    def _upload(self, request: ClassicRequest, *, owner: str, era: str) -> ClassicResponse:
        body = read_upload(request, era=era)
        now = self._now()
        program = Program(
            id=_new_id(body["name"]),
            owner=owner,
            is_public=body["is_public"],
            created=now,
            updated=now,
            **{name: body[name] for name in METADATA if name in body},
        )
        with self._store.transaction() as connection:
            connection.execute(
                f"INSERT INTO programs ({COLUMNS}, data) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (program.id, owner, program.is_public, _metadata(program, {}), now, now, body["data"]),
            )
        return ClassicResponse.of_json(program.as_json(era=era), status=201)

    def _change(self, action: str, request: ClassicRequest, program_id: str, *, owner: str, era: str) -> None:
        changes = _changes(action, request, era=era)
        with self._store.transaction() as connection:
            program = _find_own(connection, program_id, owner=owner)
            if action == "delete":
                connection.execute("DELETE FROM programs WHERE id = ?", (program_id,))
                return
            is_public = changes.get("is_public", program.is_public)
            connection.execute(
                "UPDATE programs SET metadata = ?, is_public = ?, data = coalesce(?, data), updated = ? WHERE id = ?",
                (_metadata(program, changes), is_public, changes.get("data"), self._now(), program_id),
            )


def _changes(action: str, request: ClassicRequest, *, era: str) -> dict[str, Any]:
    if action == "update":
        return read_metadata(request, era=era)
    if action == "replace_data":
        return {"data": read_text(request)}
    return {"is_public": action == "make_public"}


def _find(connection: Connection, program_id: str, *, owner: str | None) -> Program:
    """The program; a private program of another owner is not found."""
    row = connection.execute(f"SELECT {COLUMNS} FROM programs WHERE id = ?", (program_id,)).fetchone()  # noqa: S608
    if row is None or not (program := _program(row)).visible_to(owner):
        raise ClassicError(PROGRAM_NOT_FOUND, f"There is no program {program_id[:100]}.")
    return program


def _find_own(connection: Connection, program_id: str, *, owner: str) -> Program:
    if program_id in ready_made():
        raise ClassicError(NOT_AUTHORIZED, f"{program_id} is ready-made.", solution="Upload your own program.")
    program = _find(connection, program_id, owner=owner)
    if program.owner != owner:
        raise ClassicError(NOT_AUTHORIZED, f"{program_id} belongs to another owner.")
    return program


def _matches(program: Program, filters: Mapping[str, Any]) -> bool:
    searched = filters.get("search", "").casefold()
    return (
        filters.get("name", program.name) == program.name
        and (searched in program.name.casefold() or searched in program.description.casefold())
        and set(filters.get("tags", ())) <= set(program.tags)
    )


def _program(row: Row) -> Program:
    return Program(
        id=row["id"],
        owner=row["owner"],
        is_public=bool(row["is_public"]),
        created=row["created"],
        updated=row["updated"],
        **json.loads(row["metadata"]),
    )


def _metadata(program: Program, changes: Mapping[str, Any]) -> str:
    """The metadata with the changes; the parts of a spec are replaced one by one."""
    spec = {**program.spec, **changes.get("spec", {})}
    return json.dumps({name: changes.get(name, getattr(program, name)) for name in METADATA} | {"spec": spec})


def _new_id(name: str) -> str:
    """The name in URL-safe characters with a random suffix, like the ids of the classic service."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "program"
    return f"{slug}-{''.join(secrets.choice(ALPHABET) for _ in range(SUFFIX_LENGTH))}"
