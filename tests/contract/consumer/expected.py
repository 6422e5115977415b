"""Compare the output of the generated parser with the contract: models, enums, times, nulls."""

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
    "DataTree": "a union that contains itself cannot be a Python class: any JSON value",
    "ComplexNumber": "an array of two numbers in responses, not an object: any JSON value",
    "JobMetricsResponse.bss": "only older versions have it: among the additional properties, as JSON",
    "RemoteStorage.type": "a union within an `allOf` gives a model no fields: among the additional properties, as text",
    "RemoteStorage.region_type": "the same",
    "VersionMetadata.version": "a version goes back into a header as it came: text, not a date",
}
"""Values that stay JSON although the contract has a type for them; `openapi-overlay.yaml` gives the reasons."""

used: set[str | None] = set()
"""The entries of `PLAIN` that were needed."""


def differences(schemas: Schemas, schema: Schema, value: Any, parsed: Any, at: str = "$") -> Iterator[str]:
    """Each difference between `parsed`, which was read from the JSON `value`, and `schema`."""
    name, schema = schemas.named(schema)
    found = list(_differences(schemas, name, schema, value, parsed, at))
    excused = {name, at} & PLAIN.keys() if found and parsed == value else ()
    used.update(excused)
    yield from () if excused else found


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
            yield f"{at}: {parsed!r} is not a list of {len(value)}"
            return
        for item, each in zip(value, parsed, strict=True):
            yield from differences(schemas, schema.get("items", {}), item, each, f"{name or at}[]")
    else:
        yield from _leaf(schema, value, parsed, at)


def _union(schemas: Schemas, schema: Schema, value: Any, parsed: Any, at: str) -> Iterator[str]:
    branches = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    discriminator = schema.get("discriminator", {}).get("propertyName")
    ambiguous = discriminator is not None and isinstance(value, dict) and discriminator not in value
    fitting = [each for each in branches if len(branches) == 1 or schemas.accepts(each, value)]
    meant = fitting or [each for each in branches if _goes_by(schemas, each, value)]
    lost = [f"{at}: {parsed!r} is not {value!r}"]
    if not meant:
        # No branch fits: the value must stay as it came.
        yield from [] if parsed == value else lost
    elif ambiguous or (not fitting and len(meant) > 1):
        # Several branches fit: the JSON must stay the same.
        yield from [] if plain(parsed) == plain(value) else lost
    else:
        # The parser may take any of the fitting branches.
        yield from min([list(differences(schemas, each, value, parsed, at)) for each in meant], key=len)


def _goes_by(schemas: Schemas, schema: Schema, value: Any) -> bool:
    """Whether a value has the required properties of a schema, and its enums of a single value."""
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
            yield f"{at}: {parsed!r} is not an enum of {value!r}"
    elif kind is not None:
        if not isinstance(parsed, kind) or plain(parsed) != plain(value):
            yield f"{at}: {parsed!r} is not a {schema['format']} of {value!r}"
    elif parsed != value or isinstance(parsed, bool) != isinstance(value, bool):
        yield f"{at}: {parsed!r} is not {value!r}"


def _object(
    schemas: Schemas, name: str | None, schema: Schema, value: Mapping[str, Any], parsed: Any, at: str
) -> Iterator[str]:
    known = dict(_properties(schemas, schema))
    if isinstance(parsed, dict) and not known:
        fields, more = {}, parsed
    elif not attrs.has(type(parsed)):
        yield f"{at}: {type(parsed).__name__} is not a model"
        return
    else:
        expected = class_names().get(name or "", type(parsed).__name__)
        if type(parsed).__name__ != expected:
            yield f"{at}: {type(parsed).__name__} is not {expected}"
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
    """JSON with times as moments, since a time may be written in several ways."""
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
