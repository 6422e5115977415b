"""The reader of OpenAPI documents: operations, references, merged schemas, and where documents come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest.contract.document import Document, UnresolvedReference
from qiskit_runtime_rest.contract.sources import NoContract, read, vendored
from qiskit_runtime_rest.contract.versions import apply_overlay

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.0",
    "paths": {
        "/things/{id}": {
            "summary": "Not an operation.",
            "parameters": [{"in": "path", "name": "id"}],
            "get": {"operationId": "get_thing", "parameters": [{"in": "query", "name": "limit"}]},
            "delete": {"responses": {}},
        }
    },
    "components": {
        "schemas": {
            "Base": {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            "Alias": {"$ref": "#/components/schemas/Base"},
            "Loop": {"$ref": "#/components/schemas/Loop"},
            "a/b~c": {"type": "integer"},
            "Whole": {
                "allOf": [{"$ref": "#/components/schemas/Alias"}, {"properties": {"b": {}}, "required": ["b"]}],
                "description": "Both.",
            },
            "not a schema": 7,
        }
    },
}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_operations_have_a_name_an_id_and_the_parameters_of_their_path() -> None:
    get, delete = Document(DOCUMENT).operations()
    assert (get.name, get.id, get.method, get.path) == (
        *("GET /things/{id}", "get_thing"),
        *("GET", "/things/{id}"),
    )
    assert [parameter["name"] for parameter in get.content["parameters"]] == ["id", "limit"]
    assert get.location == ("paths", "/things/{id}", "get")
    assert (delete.id, delete.content["parameters"]) == ("DELETE /things/{id}", [{"in": "path", "name": "id"}])


def test_the_vendored_contract_has_33_operations_with_different_ids() -> None:
    assert len({operation.id for operation in Document(vendored()).operations()}) == 33


def test_references_are_followed_to_their_end() -> None:
    document = Document(DOCUMENT)
    assert document.resolve(reference("Alias")) is DOCUMENT["components"]["schemas"]["Base"]
    assert document.resolve(reference("a~1b~0c")) == {"type": "integer"}


@pytest.mark.parametrize("name", ["Gone", "Loop", "not a schema", "Base/properties/a/type"])
def test_a_reference_to_nothing_is_named(name: str) -> None:
    with pytest.raises(UnresolvedReference, match=name) as caught:
        Document(DOCUMENT).resolve(reference(name))
    assert caught.value.reference == reference(name)["$ref"]


def test_all_of_is_merged_with_what_is_beside_it() -> None:
    assert Document(DOCUMENT).schema(reference("Whole")) == {
        "properties": {"a": {"type": "string"}, "b": {}},
        "required": ["a", "b"],
        "description": "Both.",
    }
    assert [Document(DOCUMENT).schema(each) for each in (True, False)] == [{}, {"not": {}}]


def test_a_document_is_read_from_json_and_yaml(tmp_path: Path) -> None:
    for name in ("it.json", "it.yaml"):
        (tmp_path / name).write_text(json.dumps(DOCUMENT))
        assert read(str(tmp_path / name)) == DOCUMENT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "contains a list"),
        ("{}", "is not an OpenAPI 3 document"),
        ('{"swagger": "2.0", "paths": {}}', "no `openapi` version"),
        ('{"openapi": "3.0.0", "paths": []}', "no `paths`"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "it.json").write_text(text)
    with pytest.raises(NoContract, match=message):
        read(str(tmp_path / "it.json"))


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "it.json").write_bytes(b"\xff")
    (tmp_path / "it.yaml").write_text("a: [")
    for name, message in (("none.json", "no such file"), ("it.json", "cannot be read"), ("it.yaml", "cannot be read")):
        with pytest.raises(NoContract, match=rf"{name}.*{message}"):
            read(str(tmp_path / name))


def test_applying_an_overlay_leaves_the_overlay_as_it_is() -> None:
    overlay = {"actions": [{"target": "$.info", "update": {"tags": ["a"]}}]}
    document: dict[str, Any] = {"info": {}}
    apply_overlay(overlay, document)
    document["info"]["tags"].append("b")
    assert overlay["actions"][0]["update"] == {"tags": ["a"]}
