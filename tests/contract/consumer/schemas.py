"""Schemas of one document: references followed, values checked by openapi-schema-validator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from qiskit_runtime_rest.contract.sources import read
from tools.generate import REPOSITORY
from tools.overlay import load_overlay, prepare

Schema = Mapping[str, Any]
COMPONENT = "#/components/schemas/"


class Schemas:
    """The schemas of a document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._validators: dict[tuple[int, bool], tuple[Schema, OAS30Validator]] = {}

    def resolved(self, schema: Schema) -> Schema:
        """The schema behind a reference."""
        return self.named(schema)[1]

    def named(self, schema: Schema) -> tuple[str | None, Schema]:
        """The component's name, if it is one, and the schema; a single part of an `allOf` counts as the whole."""
        name = None
        while "$ref" in schema or ("properties" not in schema and len(schema.get("allOf", ())) == 1):
            if "$ref" in schema:
                pointer = schema["$ref"]
                name = pointer.removeprefix(COMPONENT) if pointer.startswith(COMPONENT) else name
                schema = self._at(pointer)
            else:
                schema = schema["allOf"][0]
        return name, schema

    def _at(self, pointer: str) -> Schema:
        part: Any = self.document
        for step in pointer.removeprefix("#/").split("/"):
            part = part[step.replace("~1", "/").replace("~0", "~")]
        found: Schema = part
        return found

    def problems(self, schema: Schema, value: Any, *, tolerant: bool = False) -> list[str]:
        """The errors of a value, each with its place; `tolerant`: it may fit several branches of a union."""
        key = id(schema), tolerant
        if key not in self._validators:
            self._validators[key] = schema, self._validator(schema, tolerant=tolerant)
        return [f"{error.json_path}: {error.message}" for error in self._validators[key][1].iter_errors(value)]

    def accepts(self, schema: Schema, value: Any) -> bool:
        """Whether a value fits the schema; it may fit several branches of a union."""
        return not self.problems(schema, value, tolerant=True)

    def _validator(self, schema: Schema, *, tolerant: bool) -> OAS30Validator:
        # References are looked up in the whole document.
        whole = {"components": self.document["components"], **schema}
        return OAS30Validator(any_for_one(whole) if tolerant else whole, format_checker=oas30_format_checker)


@cache
def prepared() -> Mapping[str, Any]:
    """The generator's input: the contract with the overlay applied.

    The generator takes the first fitting branch of a union, and the overlay adds a last one that fits all to some.
    """
    document = prepare(read(str(REPOSITORY.contract)), overlay=load_overlay(REPOSITORY.overlay)).document
    return any_for_one(document)


def any_for_one(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """A copy of a part of a document, in which a value may fit more than one branch of a union."""
    changed: Mapping[str, Any] = json.loads(json.dumps(part).replace('"oneOf":', '"anyOf":'))
    return changed


@cache
def class_names() -> Mapping[str, str]:
    """The generated class of each component: its title."""
    schemas = prepared()["components"]["schemas"]
    return {name: schema.get("title", name) for name, schema in schemas.items()}
