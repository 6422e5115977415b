"""The vendored contract `openapi.json`: valid, documented, of a known structure, with examples that fit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from openapi_spec_validator import OpenAPIV30SpecValidator
from referencing import Registry, Resource

from tools.words import structure, undescribed, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

Json: TypeAlias = dict[str, Any]

DOCUMENT: Json = json.loads((Path(__file__).parents[2] / "openapi.json").read_text("utf-8"))

# sha256 of the document without its documentation. Re-vendoring the published contract changes it:
# record the new value together with the new document, after reading what else changed.
STRUCTURE_SHA256 = "0f339d302c1e10215b333b11f86eda76a46aed9bbbbc8120ea9209fb208b92ba"

# A defect of the published document; the overlay removes this default before anything is generated.
PUBLISHED_DEFECTS = ["'' is not one of ['wait_time_seconds']"]

NODES = list(walk(DOCUMENT, "document"))
OPERATIONS: dict[str, Json] = {node["operationId"]: node for _, kind, node in NODES if kind == "operation"}


def bodies(operation: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield `request` or the status of each body, its media type, and the media type object."""
    carriers = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for carrier, node in carriers.items():
        for media_type, media in node.get("content", {}).items():
            yield carrier, media_type, media


def examples(media: Json) -> dict[str, Any]:
    """Return a media type's examples by name; a single one is named `example`."""
    single = {"example": media["example"]} if "example" in media else {}
    return single | {name: example["value"] for name, example in media.get("examples", {}).items()}


def all_examples() -> Iterator[Any]:
    """Yield the JSON pointer of the schema and the example, for each example in the document."""
    pointers = {id(node): pointer for pointer, kind, node in NODES if kind == "media type"}
    for operation_id, operation in OPERATIONS.items():
        for carrier, _, media in bodies(operation):
            for name, value in examples(media).items():
                schema = f"{pointers[id(media)]}/schema"
                yield pytest.param(schema, value, id=f"{operation_id}-{carrier}-{name}")


def all_links() -> Iterator[Any]:
    """Yield the response and the link, for each link in the document."""
    for operation_id, operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for name, link in response.get("links", {}).items():
                yield pytest.param(response, link, id=f"{operation_id}-{status}-{name}")


def resolved(node: Json) -> Json:
    """Follow a reference to a component."""
    if "$ref" not in node:
        return node
    target: Any = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return dict(target)


def test_document_is_valid_openapi_except_for_published_defects() -> None:
    errors = [error.message for error in OpenAPIV30SpecValidator(DOCUMENT).iter_errors()]
    assert errors == PUBLISHED_DEFECTS


def test_structure_is_the_one_that_was_vendored() -> None:
    bare = structure(DOCUMENT, "document")
    canonical = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == STRUCTURE_SHA256


def test_property_called_description_belongs_to_the_structure() -> None:
    schemas = structure(DOCUMENT, "document")["components"]["schemas"]
    assert "description" in schemas["BackendConfigurationResponse"]["properties"]


def test_document_holds_33_operations() -> None:
    assert len(OPERATIONS) == sum(kind == "operation" for _, kind, _ in NODES) == 33


def test_everything_has_a_description() -> None:
    assert list(undescribed(DOCUMENT)) == []


def test_nothing_stands_beside_a_reference() -> None:
    assert [pointer for pointer, _, node in NODES if "$ref" in node and len(node) > 1] == []


def test_every_operation_has_a_summary() -> None:
    assert [name for name, operation in OPERATIONS.items() if not operation.get("summary", "").strip()] == []


def test_every_body_has_an_example() -> None:
    missing = [
        f"{operation_id} {carrier} {media_type}"
        for operation_id, operation in OPERATIONS.items()
        for carrier, media_type, media in bodies(operation)
        if not examples(media)
    ]
    assert missing == []


@pytest.mark.parametrize(("schema", "example"), list(all_examples()))
def test_example_fits_its_schema(schema: str, example: Any) -> None:
    registry: Registry[Any] = Registry().with_resource("urn:contract", Resource.opaque(DOCUMENT))
    validator = OAS30Validator(
        {"$ref": f"urn:contract#{schema}"}, registry=registry, format_checker=oas30_format_checker
    )
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(example)] == []


@pytest.mark.parametrize(("response", "link"), list(all_links()))
def test_link_leads_to_an_operation_with_a_value_for_each_path_parameter(response: Json, link: Json) -> None:
    parameters = [resolved(parameter) for parameter in OPERATIONS[link["operationId"]]["parameters"]]
    assert set(link["parameters"]) <= {parameter["name"] for parameter in parameters}
    assert {p["name"] for p in parameters if p["in"] == "path"} <= set(link["parameters"])
    example = next(value for media in response["content"].values() for value in examples(media).values())
    for expression in link["parameters"].values():
        assert example[expression.removeprefix("$response.body#/")]
