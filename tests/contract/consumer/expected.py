"""Whether what the generated parser made of an answer is what the contract names: models, enums, times, nulls."""

from __future__ import annotations

import datetime
import enum
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from qiskit_runtime_api.types import parse_datetime

from .schemas import Schema, Schemas, class_names

TYPES = {"date-time": datetime.datetime, "date": datetime.date, "uuid": uuid.UUID}

PLAIN: Mapping[str, str] = {
    "DataTree": "a union that contains itself is no Python class: any JSON value",
    "ComplexNumber": "an array of two numbers in answers, not an object: any JSON value",
    "JobMetricsResponse.bss": "only older versions have it: among what else the model holds, as JSON",
    "RemoteStorage.type": "a union within an `allOf` gives a model no fields: among what else it holds, as text",
    "RemoteStorage.region_type": "the same",
    "VersionMetadata.version": "a version goes back into a header as it came: text, not a date",
}
"""What stays as it came, though the contract names a type for it; `openapi-overlay.yaml` has the reasons at length."""

used: set[str | None] = set()
"""Those of `PLAIN` that something needed."""


def differences(schemas: Schemas, schema: Schema, value: Any, parsed: Any, at: str = "$") -> Iterator[str]:
    """Where `parsed`, made of the JSON `value`, is not what `schema` says."""
    name, schema = schemas.named(schema)
    told = list(_differences(schemas, name, schema, value, parsed, at))
    excused = {name, at} & PLAIN.keys() if told and parsed == value else ()
    used.update(excused)
    yield from () if excused else told


def _differences(schemas: Schemas, name: str | None, schema: Schema, value: Any, parsed: Any, at: str) -> Iterator[str]:
    if value is None:
        if parsed is not None:
            yield f"{at}: {parsed!r} is not None"
        return
    if "oneOf" in schema or "anyOf" in schema:
        yield from _union(schemas, schema, value, parsed, at)
    elif isinstance(value, dict):
        yield from _object(schemas, name, schema, value, parsed, at)
    elif isinstance(value, list):
        if not isinstance(parsed, list) or len(parsed) != len(value):
            yield f"{at}: {parsed!r} is no list of {len(value)}"
            return
        for item, each in zip(value, parsed, strict=True):
            yield from differences(schemas, schema.get("items", {}), item, each, f"{name or at}[]")
    else:
        yield from _leaf(schema, value, parsed, at)


def _union(schemas: Schemas, schema: Schema, value: Any, parsed: Any, at: str) -> Iterator[str]:
    branches = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    told_by = schema.get("discriminator", {}).get("propertyName")
    untold = told_by is not None and isinstance(value, dict) and told_by not in value
    fitting = [each for each in branches if len(branches) == 1 or schemas.accepts(each, value)]
    meant = fitting or [each for each in branches if _goes_by(schemas, each, value)]
    lost = [f"{at}: {parsed!r} is not {value!r}"]
    if not meant:
        # Nobody knows what this is: it stays as it came.
        yield from [] if parsed == value else lost
    elif untold or (not fitting and len(meant) > 1):
        # Nobody can say which of them it is.
        yield from [] if plain(parsed) == plain(value) else lost
    else:
        # Of several that fit, the parser may take any.
        yield from min([list(differences(schemas, each, value, parsed, at)) for each in meant], key=len)


def _goes_by(schemas: Schemas, schema: Schema, value: Any) -> bool:
    """Whether a value has what a schema requires, and the words that can be nothing else, by which it is told."""
    schema = schemas.resolved(schema)
    words = {key: said["enum"] for key, said in _properties(schemas, schema) if "enum" in said}
    alone = {key: said[0] for key, said in words.items() if len(said) == 1}
    return (
        bool(alone)
        and isinstance(value, dict)
        and all(value.get(key, word) == word for key, word in alone.items())
        and value.keys() >= set(schema.get("required", ()))
    )


def _leaf(schema: Schema, value: Any, parsed: Any, at: str) -> Iterator[str]:
    kind = TYPES.get(schema.get("format", ""))
    if "enum" in schema:
        if not isinstance(parsed, enum.Enum) or parsed.value != value:
            yield f"{at}: {parsed!r} is no enum of {value!r}"
    elif kind is not None:
        if not isinstance(parsed, kind) or plain(parsed) != plain(value):
            yield f"{at}: {parsed!r} is no {schema['format']} of {value!r}"
    elif parsed != value or isinstance(parsed, bool) != isinstance(value, bool):
        yield f"{at}: {parsed!r} is not {value!r}"


def _object(
    schemas: Schemas, name: str | None, schema: Schema, value: Mapping[str, Any], parsed: Any, at: str
) -> Iterator[str]:
    known = dict(_properties(schemas, schema))
    if isinstance(parsed, dict) and not known:
        fields, more = {}, parsed
    elif not attrs.has(type(parsed)):
        yield f"{at}: {type(parsed).__name__} is no model"
        return
    else:
        expected = class_names().get(name or "", type(parsed).__name__)
        if type(parsed).__name__ != expected:
            yield f"{at}: {type(parsed).__name__} is no {expected}"
        fields = {_bare(field): getattr(parsed, field) for field in attrs.fields_dict(type(parsed))}
        more = fields.pop("additionalproperties", {})
    for key, each in value.items():
        if _bare(key) in fields and key not in more:
            yield from differences(schemas, known.get(key, {}), each, fields[_bare(key)], f"{name or at}.{key}")
        elif key not in more:
            yield f"{at}.{key}: lost"
        else:
            said = schema.get("additionalProperties")
            part = known.get(key) or (said if isinstance(said, dict) else {})
            if part:
                yield from differences(schemas, part, each, more[key], f"{name or at}.{key}")
            elif more[key] != each:
                yield f"{at}.{key}: {more[key]!r} is not {each!r}"


def _properties(schemas: Schemas, schema: Schema) -> Iterator[tuple[str, Schema]]:
    for part in schema.get("allOf", ()):
        yield from _properties(schemas, schemas.resolved(part))
    for part in [*schema.get("oneOf", ()), *schema.get("anyOf", ())]:
        yield from _properties(schemas, schemas.resolved(part))
    yield from schema.get("properties", {}).items()


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def plain(value: Any) -> Any:
    """JSON with each time as the moment that it names, so that it may be written in several ways."""
    if attrs.has(type(value)):
        return plain(value.to_dict())
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime.datetime):
        return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
    if isinstance(value, datetime.date | uuid.UUID):
        return str(value)
    if isinstance(value, str) and TIME.match(value):
        try:
            return parse_datetime(value)
        except ValueError:
            return value
    return value


TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")
