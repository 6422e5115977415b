"""Parts that the generator cannot handle are found before it runs, with an overlay action for each."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tools.generate import REPOSITORY
from tools.overlay import load_overlay, prepare
from tools.preflight import obstacles

Document = dict[str, Any]


@pytest.fixture(scope="module")
def prepared(contract: Document) -> Document:
    return prepare(contract, overlay=load_overlay(REPOSITORY.overlay)).document


def schema(name: str, described: Document) -> Callable[[Document], None]:
    return lambda document: document["components"]["schemas"].update({name: described})


def parameter(described: Document) -> Callable[[Document], None]:
    return lambda document: document["paths"]["/v1/jobs"]["get"]["parameters"].append(described)


OBSTACLES = {
    "an array without items": schema("New", {"type": "object", "properties": {"rows": {"type": "array"}}}),
    "an array without items or null": schema("New", {"properties": {"rows": {"type": ["array", "null"]}}}),
    "an array of arrays without items": schema("New", {"type": "array", "items": {"type": "array"}}),
    "a default that is not in the enum": schema("New", {"type": "string", "enum": ["a"], "default": "b"}),
    "a closed object": schema("New", {"type": "object", "additionalProperties": False}),
    "an enum of mixed values": schema("New", {"enum": ["a", 1]}),
    "an enum of fractions": schema("New", {"type": "number", "enum": [0.5, 1.5]}),
    "a union of itself": schema("New", {"oneOf": [{"type": "array", "items": {"$ref": "#/components/schemas/New"}}]}),
    "a reference to nothing": schema("New", {"properties": {"rows": {"$ref": "#/components/schemas/Gone"}}}),
    "a date in a header": parameter({"in": "header", "name": "X-Day", "schema": {"type": "string", "format": "date"}}),
    "a constant in a header": parameter({"in": "header", "name": "X-Day", "schema": {"type": "string", "const": "a"}}),
    "an optional body of several forms": lambda document: document["paths"]["/v1/jobs"]["post"]["requestBody"].pop(
        "required"
    ),
    "an operation id that is taken": lambda document: document["paths"]["/v1/tags"]["get"].update(
        operationId="get_job"
    ),
}


def test_the_prepared_contract_has_no_obstacle(prepared: Document) -> None:
    assert obstacles(prepared) == []


@pytest.mark.parametrize("edit", OBSTACLES.values(), ids=OBSTACLES)
def test_the_proposed_action_removes_the_obstacle(prepared: Document, edit: Callable[[Document], None]) -> None:
    document = copy.deepcopy(prepared)
    edit(document)
    found = obstacles(document)
    assert len(found) == 1
    overlay = {"actions": yaml.safe_load(str(found[0]))}
    answered = prepare(document, overlay=overlay)
    assert answered.unmatched == ()
    assert obstacles(answered.document) == []


def test_values_and_names_that_look_like_keywords_are_no_obstacle(prepared: Document) -> None:
    document = copy.deepcopy(prepared)
    schema("New", {"properties": {"type": {"type": "string"}, "default": {"type": "string"}}})(document)
    schema("Other", {"type": "object", "example": {"type": "array"}, "x-note": {"type": "array"}})(document)
    assert obstacles(document) == []
