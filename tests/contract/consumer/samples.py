"""Samples of every documented shape of a value: nulls, branches, enum values, objects with more properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from .schemas import Schema, Schemas

EVERYTHING = "everything"
"""The name of the sample without anything special."""

OF_TEXTS = ("pattern", "minLength", "maxLength", "format")
BRANCHES = ("oneOf", "anyOf")
UNKNOWN = {str: "unheard-of", int: 987}
MORE = {"unheard_of": {"deep": [1, None]}}
TEXTS = (
    "text",
    "1.2",
    "1.2.3",
    "2026-04-20",
    "2026-04-20T09:30:00.000Z",
    "2026-04-20T09:30:00Z",
    "0b7d9a52-6f0e-4c5e-9d5b-0f6f5d2a7c11",
    "sixteen-or-longer-than-that-in-any-case",
)


class Sample(NamedTuple):
    """A value in which one thing is special. `documented`: whether the contract allows it."""

    what: str
    value: Any
    documented: bool = True


class Samples:
    """The samples of the schemas of one document, the same each time."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def whole(self, schema: Schema, above: tuple[str, ...] = ()) -> Any:
        """A value with every property, from the first branch of each union."""
        name, schema = self._schemas.named(schema)
        above = (*above, name) if name else above
        if "enum" in schema:
            return schema["enum"][0]
        for union in BRANCHES:
            if union in schema:
                # A union that contains itself ends with its simplest branch.
                return self.whole(schema[union][-1 if above.count(name or "") > 1 else 0], above)
        if is_object(schema):
            value = {key: value for part in schema.get("allOf", ()) for key, value in self.whole(part, above).items()}
            value |= {key: self.whole(part, above) for key, part in schema.get("properties", {}).items()}
            if isinstance(schema.get("additionalProperties"), dict):
                value["named"] = self.whole(schema["additionalProperties"], above)
            return value
        return self._leaf(kinds(schema)[0], schema, above)

    def each(self, schema: Schema) -> Iterator[Sample]:
        """The whole value, and every value that differs from it in one thing."""
        yield Sample(EVERYTHING, self.whole(schema))
        yield from self._changed(schema, "$", ())

    def _changed(self, schema: Schema, at: str, above: tuple[str, ...]) -> Iterator[Sample]:
        outer, (name, schema) = schema, self._schemas.named(schema)
        if outer.get("nullable") or schema.get("nullable"):
            # Without a type beside it, `nullable` has no meaning for a validator.
            yield Sample(f"{at} null", None, documented="type" in schema)
        if name in above:
            return
        above = (*above, name) if name else above
        if "enum" in schema:
            yield from (Sample(f"{at} {value}", value) for value in schema["enum"][1:])
            yield Sample(f"{at} unheard-of", UNKNOWN[type(schema["enum"][0])], documented=False)
        for union in BRANCHES:
            for index, branch in enumerate(schema.get(union, ())):
                yield Sample(f"{at} branch {index}", self.whole(branch, above))
                yield from self._changed(branch, f"{at}|{index}", above)
        for kind in kinds(schema)[1:]:
            yield Sample(f"{at} of type {kind}", self._leaf(kind, schema, above))
        if is_object(schema):
            yield from self._objects(schema, at, above)
        elif kinds(schema)[0] == "array":
            yield Sample(f"{at} empty", [], documented=not schema.get("minItems"))
            for sample in self._changed(schema.get("items", {}), f"{at}[]", above):
                yield sample._replace(value=self._filled(schema, sample.value))

    def _objects(self, schema: Schema, at: str, above: tuple[str, ...]) -> Iterator[Sample]:
        whole = self.whole(schema, above)
        for part in schema.get("allOf", ()):
            for sample in self._changed(part, at, above):
                if isinstance(sample.value, dict):
                    yield sample._replace(value={**whole, **sample.value})
        required = schema.get("required", ())
        for key, part in schema.get("properties", {}).items():
            for sample in self._changed(part, f"{at}.{key}", above):
                yield sample._replace(value={**whole, key: sample.value})
            if key not in required:
                yield Sample(f"{at} without {key}", {name: value for name, value in whole.items() if name != key})
        if isinstance(schema.get("additionalProperties"), dict):
            for sample in self._changed(schema["additionalProperties"], f"{at}.named", above):
                yield sample._replace(value={**whole, "named": sample.value})
        elif schema.get("additionalProperties", True):
            yield Sample(f"{at} with more", {**whole, **MORE})
        else:
            yield Sample(f"{at} with more", {**whole, **MORE}, documented=False)
        least = {key: value for key, value in whole.items() if key in required}
        if "allOf" not in schema and least != whole:
            yield Sample(f"{at} with as little as can be", least)

    def _leaf(self, kind: str, schema: Schema, above: tuple[str, ...]) -> Any:
        return LEAVES[kind](self, {**schema, "type": kind}, above)

    def _filled(self, schema: Schema, item: Any) -> list[Any]:
        return [item] * max(1, schema.get("minItems", 1))

    def _array(self, schema: Schema, above: tuple[str, ...]) -> Any:
        return self._filled(schema, self.whole(schema.get("items", {}), above))

    def _number(self, schema: Schema, above: tuple[str, ...]) -> Any:
        return min(max(1, schema.get("minimum", 1)), schema.get("maximum", 1))

    def _boolean(self, schema: Schema, above: tuple[str, ...]) -> Any:
        return True

    def _text(self, schema: Schema, above: tuple[str, ...]) -> Any:
        return _fitting(*(schema.get(keyword) for keyword in OF_TEXTS))


@cache
def _fitting(*said: Any) -> str:
    """The first of `TEXTS` that fits the keywords of `OF_TEXTS`."""
    schema = {"type": "string", **{name: each for name, each in zip(OF_TEXTS, said, strict=True) if each is not None}}
    validator = OAS30Validator(schema, format_checker=oas30_format_checker)
    fitting = [text for text in TEXTS if validator.is_valid(text)]
    assert fitting, f"no text of TEXTS fits {schema}"
    return fitting[0]


def kinds(schema: Schema) -> list[str]:
    """The types of a schema; `string` if it has none."""
    named = schema.get("type", "string")
    return [named] if isinstance(named, str) else list(named)


def is_object(schema: Schema) -> bool:
    """Whether the first type of a schema is an object."""
    return "properties" in schema or "allOf" in schema or kinds(schema)[0] == "object"


LEAVES: dict[str, Callable[[Samples, Schema, tuple[str, ...]], Any]] = {
    "array": Samples._array,
    "boolean": Samples._boolean,
    "integer": Samples._number,
    "number": Samples._number,
    "string": Samples._text,
}
