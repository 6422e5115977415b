"""The schema of every generated model, found in the document that the generator was given."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

import attrs

from qiskit_runtime_api import models

from .samples import kinds
from .schemas import COMPONENT, Schema, Schemas, class_names, prepared


@cache
def model_schemas() -> dict[str, Schema]:
    """The schema of each model, by the model's name: a component, or an object described in place."""
    model_names()
    found: dict[str, Schema] = {}
    for name, schema in prepared()["components"]["schemas"].items():
        _add(class_names()[name], schema, {"$ref": f"{COMPONENT}{name}"}, found)
    for item in prepared()["paths"].values():
        for operation in item.values():
            body = operation.get("requestBody", {"content": {}})["content"]
            for media in body.values():
                for part in _in_place(media["schema"]):
                    _add(part.get("title", ""), part, part, found)
    return found


def model_names() -> list[str]:
    """Every generated model. Their type hints can only be read after all were imported."""
    return sorted(name for name in models.__all__ if attrs.has(getattr(models, name)))


def _add(name: str, schema: Schema, stands_for: Schema, found: dict[str, Schema]) -> None:
    """Add the schema of a model, and those of the models of objects in it."""
    model = getattr(models, name, None)
    if model is None or not attrs.has(model) or name in found:
        return
    found[name] = stands_for
    hints = {_bare(field): hint for field, hint in typing.get_type_hints(model, localns=vars(models)).items()}
    for key, part in [*_properties(schema), ("additionalproperties", schema.get("additionalProperties"))]:
        if isinstance(part, dict):
            objects = list(_in_place(part))
            named = [*_models_in(hints.get(_bare(key), Any))]
            titles = {each["title"] for each in objects if "title" in each}
            components = set(class_names().values())
            left = [each for each in named if each not in titles and each not in components]
            assert len(left) < 2, f"{name}.{key} could be any of {left}"
            for each in objects:
                title = each.get("title") or (left.pop(0) if left else "")
                _add(title, each, each, found)


def _properties(schema: Schema) -> Iterator[tuple[str, Any]]:
    yield from schema.get("properties", {}).items()
    for part in schema.get("allOf", ()):
        yield from _properties(Schemas(prepared()).resolved(part))


def _in_place(schema: Schema) -> Iterator[Schema]:
    """The objects that a schema describes in place, the outermost ones."""
    if "properties" in schema or "object" in kinds(schema):
        yield schema
        return
    for part in [schema.get("items"), *(each for union in UNIONS for each in schema.get(union, ()))]:
        if isinstance(part, dict):
            yield from _in_place(part)


UNIONS = ("allOf", "oneOf", "anyOf")


def _models_in(hint: Any) -> Iterator[str]:
    if attrs.has(hint):
        yield hint.__name__
    for argument in typing.get_args(hint):
        yield from _models_in(argument)


def _bare(name: str) -> str:
    return name.replace("_", "").lower()
