"""Two contracts are compared from a client's point of view: its requests, and the responses that it reads."""

import copy
import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from qiskit_runtime_rest.contract import Change, Kind, compare
from qiskit_runtime_rest.contract.document import UnresolvedReference

Document = dict[str, Any]


def document(*, sent: Document, read: Document) -> Document:
    """A contract with one operation that sends one schema and reads another."""
    return {
        "openapi": "3.0.0",
        "info": {"title": "A contract", "version": "1"},
        "paths": {
            "/things/{id}": {
                "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}],
                "post": {
                    "operationId": "create_thing",
                    "tags": ["Things"],
                    "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 9}}],
                    "requestBody": {"required": True, "content": {"application/json": {"schema": sent}}},
                    "responses": {
                        "200": {"description": "Done.", "content": {"application/json": {"schema": read}}},
                        "404": {"description": "Not there."},
                    },
                },
            }
        },
    }


def kinds(changes: list[Change]) -> list[tuple[str, str]]:
    return [(str(change.kind), change.location) for change in changes]


SCHEMAS: dict[str, tuple[Document, Document, str, str]] = {
    # what: (old, new, kind when sent, kind when read)
    "another type": ({"type": "string"}, {"type": "integer"}, "breaking", "breaking"),
    "a wider number": ({"type": "integer"}, {"type": "number"}, "additive", "breaking"),
    "a narrower number": ({"type": "number"}, {"type": "integer"}, "breaking", "additive"),
    "any type": ({"type": "string"}, {}, "additive", "breaking"),
    "one type": ({}, {"type": "string"}, "breaking", "additive"),
    "null allowed": ({"type": "string"}, {"type": "string", "nullable": True}, "additive", "breaking"),
    "null refused": ({"type": ["string", "null"]}, {"type": "string"}, "breaking", "additive"),
    "a value less": ({"enum": ["a", "b"]}, {"enum": ["a"]}, "breaking", "cosmetic"),
    "a value more": ({"enum": ["a"]}, {"enum": ["a", "b"]}, "additive", "additive"),
    "only some values": ({"type": "string"}, {"type": "string", "enum": ["a"]}, "breaking", "additive"),
    "all values": ({"type": "string", "enum": ["a"]}, {"type": "string"}, "additive", "additive"),
    "a lower maximum": ({"maximum": 9}, {"maximum": 8}, "breaking", "cosmetic"),
    "a higher maximum": ({"maximum": 8}, {"maximum": 9}, "additive", "cosmetic"),
    "a higher minimum": ({"minimum": 1}, {"minimum": 2}, "breaking", "cosmetic"),
    "a new bound": ({}, {"maxLength": 8}, "breaking", "cosmetic"),
    "no bound": ({"minItems": 1}, {}, "additive", "cosmetic"),
    "another pattern": ({"pattern": "^a"}, {"pattern": "^b"}, "breaking", "cosmetic"),
    "another default": ({"default": 1}, {"default": 2}, "breaking", "cosmetic"),
    "a time": ({"type": "string"}, {"type": "string", "format": "date-time"}, "breaking", "breaking"),
    "a hint": ({"type": "string"}, {"type": "string", "format": "hostname"}, "cosmetic", "cosmetic"),
    "a property less": ({"properties": {"a": {}}}, {"properties": {}}, "breaking", "breaking"),
    "a property more": ({"properties": {}}, {"properties": {"a": {}}}, "additive", "additive"),
    "a required one more": ({}, {"properties": {"a": {}}, "required": ["a"]}, "breaking", "additive"),
    "required now": (
        {"properties": {"a": {}}},
        {"properties": {"a": {}}, "required": ["a"]},
        "breaking",
        "additive",
    ),
    "optional now": (
        {"properties": {"a": {}}, "required": ["a"]},
        {"properties": {"a": {}}},
        "additive",
        "breaking",
    ),
    "closed": ({}, {"additionalProperties": False}, "breaking", "additive"),
    "open": ({"additionalProperties": False}, {}, "additive", "additive"),
    "other values": (
        {"additionalProperties": {"type": "string"}},
        {"additionalProperties": {"type": "boolean"}},
        "breaking",
        "breaking",
    ),
    "other elements": ({"items": {"type": "string"}}, {"items": {"type": "boolean"}}, "breaking", "breaking"),
    "a form less": ({"oneOf": [{"title": "A"}, {"title": "B"}]}, {"oneOf": [{"title": "A"}]}, "breaking", "additive"),
    "a form more": ({"oneOf": [{"title": "A"}]}, {"oneOf": [{"title": "A"}, {"title": "B"}]}, "additive", "breaking"),
    "an unknown keyword": ({}, {"x-foo": 1}, "cosmetic", "cosmetic"),
    "a keyword of another dialect": ({}, {"unevaluatedItems": False}, "breaking", "cosmetic"),
    "another text": ({"description": "a"}, {"description": "b"}, "cosmetic", "cosmetic"),
}


@pytest.mark.parametrize(("old", "new", "when_sent", "when_read"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_change_of_a_schema_is_judged_by_its_direction(
    old: Document, new: Document, when_sent: str, when_read: str
) -> None:
    sent = compare(document(sent=old, read={}), document(sent=new, read={}))
    read = compare(document(sent={}, read=old), document(sent={}, read=new))
    assert [str(change.kind) for change in sent] == [when_sent]
    assert [str(change.kind) for change in read] == [when_read]
    assert sent[0].operation == read[0].operation == "POST /things/{id}"
    assert sent[0].location.startswith("request body")
    assert read[0].location.startswith("response 200")


OPERATIONS: dict[str, tuple[Callable[[Document], Any], str, str]] = {
    "another id": (lambda post: post.update(operationId="make_thing"), "breaking", ""),
    "another tag": (lambda post: post.update(tags=["Other"]), "breaking", ""),
    "deprecated": (lambda post: post.update(deprecated=True), "cosmetic", ""),
    "another summary": (lambda post: post.update(summary="Make a thing"), "cosmetic", ""),
    "an extension": (lambda post: post.update({"x-foo": 1}), "cosmetic", ""),
    "a parameter less": (lambda post: post["parameters"].clear(), "breaking", "query limit parameter"),
    "a parameter more": (
        lambda post: post["parameters"].append({"in": "query", "name": "sort", "schema": {}}),
        "additive",
        "query sort parameter",
    ),
    "a required parameter more": (
        lambda post: post["parameters"].append({"in": "query", "name": "sort", "required": True, "schema": {}}),
        "breaking",
        "query sort parameter",
    ),
    "a parameter required now": (
        lambda post: post["parameters"][0].update(required=True),
        "breaking",
        "query limit parameter",
    ),
    "a tighter parameter": (
        lambda post: post["parameters"][0]["schema"].update(maximum=5),
        "breaking",
        "query limit parameter",
    ),
    "no body": (lambda post: post.pop("requestBody"), "breaking", "request body"),
    "an optional body": (lambda post: post["requestBody"].pop("required"), "additive", "request body"),
    "another success": (lambda post: post["responses"].update({"202": {}}), "breaking", "response 202"),
    "another error": (lambda post: post["responses"].update({"409": {}}), "additive", "response 409"),
    "an error less": (lambda post: post["responses"].pop("404"), "cosmetic", "response 404"),
    "a success less": (lambda post: post["responses"].pop("200"), "breaking", "response 200"),
    "another form of answer": (
        lambda post: post["responses"]["200"]["content"].update({"text/plain": {}}),
        "additive",
        "response 200",
    ),
    "no such form of answer": (lambda post: post["responses"]["200"]["content"].clear(), "breaking", "response 200"),
}


@pytest.mark.parametrize(("edit", "kind", "location"), OPERATIONS.values(), ids=OPERATIONS)
def test_a_change_of_an_operation_is_judged(edit: Callable[[Document], Any], kind: str, location: str) -> None:
    old = document(sent={}, read={})
    new = copy.deepcopy(old)
    edit(new["paths"]["/things/{id}"]["post"])
    assert kinds(compare(old, new)) == [(kind, location)]


def test_a_removed_operation_is_breaking_and_a_new_one_is_not() -> None:
    old = document(sent={}, read={})
    new = copy.deepcopy(old)
    new["paths"]["/things"] = {"get": new["paths"]["/things/{id}"].pop("post")}
    assert [(change.operation, str(change.kind), change.message) for change in compare(old, new)] == [
        ("POST /things/{id}", "breaking", "removed"),
        ("GET /things", "additive", "added"),
    ]


def test_a_new_body_is_breaking_only_if_required() -> None:
    new = document(sent={}, read={})
    old = copy.deepcopy(new)
    del old["paths"]["/things/{id}"]["post"]["requestBody"]
    assert [str(change.kind) for change in compare(old, new)] == ["breaking"]
    del new["paths"]["/things/{id}"]["post"]["requestBody"]["required"]
    assert [str(change.kind) for change in compare(old, new)] == ["additive"]


def test_the_place_of_a_change_leads_through_properties_arrays_maps_and_forms() -> None:
    def nested(kind: str) -> Document:
        form = {"title": "Form", "properties": {"d": {"type": kind}}}
        return {"properties": {"a": {"items": {"properties": {"b": {"additionalProperties": {"oneOf": [form]}}}}}}}

    (change,) = compare(document(sent={}, read=nested("string")), document(sent={}, read=nested("integer")))
    assert change.location == "response 200: a[].b{}(Form).d"
    assert str(change) == (
        "[breaking] POST /things/{id}: response 200: a[].b{}(Form).d: type changed from string to integer"
    )


def test_two_ways_to_write_the_same_schema_are_no_change() -> None:
    base: Document = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    extra: Document = {"properties": {"b": {"type": "integer"}}, "required": ["b"]}
    old = document(
        sent={"allOf": [{"$ref": "#/components/schemas/Base"}, extra]}, read={"$ref": "#/components/schemas/Base"}
    )
    old["components"] = {"schemas": {"Base": base}}
    merged = {**base, "properties": {**base["properties"], **extra["properties"]}, "required": ["a", "b"]}
    new = document(sent=merged, read=base)
    assert compare(old, new) == []


def test_a_schema_that_contains_itself_is_compared_once() -> None:
    tree: Document = {
        "properties": {"leaf": {"type": "string"}, "children": {"items": {"$ref": "#/components/schemas/T"}}}
    }
    old = {**document(sent={}, read={"$ref": "#/components/schemas/T"}), "components": {"schemas": {"T": tree}}}
    new = copy.deepcopy(old)
    new["components"]["schemas"]["T"]["properties"]["leaf"]["type"] = "integer"
    assert kinds(compare(old, new)) == [("breaking", "response 200: leaf")]


def test_a_reference_to_nothing_is_named() -> None:
    broken = document(sent={}, read={"$ref": "#/components/schemas/Gone"})
    with pytest.raises(UnresolvedReference, match="#/components/schemas/Gone"):
        compare(broken, broken)


def test_a_change_of_title_or_version_is_cosmetic() -> None:
    old = document(sent={}, read={})
    new = {**copy.deepcopy(old), "info": {"title": "A contract", "version": "2"}}
    assert [(change.operation, change.kind) for change in compare(old, new)] == [("", Kind.COSMETIC)]


def test_the_vendored_contract_does_not_differ_from_itself() -> None:
    contract = json.loads((resources.files("qiskit_runtime_api") / "openapi.json").read_text("utf-8"))
    assert compare(contract, copy.deepcopy(contract)) == []
