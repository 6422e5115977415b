"""The words of the vendored contract: descriptions, examples and links, apart from its structure.

The structure is the service's; the words are this project's. A newer document keeps the words of what stayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

WORDS = frozenset({"description", "summary", "example", "examples", "links"})

# Where the objects of OpenAPI 3.0 are found in each other: kind -> key -> (container, kind of what is in it).
# Walking by it keeps a property that is called `description` apart from a description.
GRAMMAR: dict[str, dict[str, tuple[str, str]]] = {
    "document": {
        "info": ("one", "info"),
        "servers": ("list", "server"),
        "tags": ("list", "tag"),
        "paths": ("map", "path item"),
        "components": ("one", "components"),
    },
    "components": {
        "parameters": ("map", "parameter"),
        "schemas": ("map", "component schema"),
        "securitySchemes": ("map", "security scheme"),
    },
    "path item": dict.fromkeys(
        ("get", "put", "post", "delete", "options", "head", "patch", "trace"), ("one", "operation")
    ),
    "operation": {
        "parameters": ("list", "parameter"),
        "requestBody": ("one", "request body"),
        "responses": ("map", "response"),
    },
    "parameter": {"schema": ("one", "schema")},
    "request body": {"content": ("map", "media type")},
    "response": {"content": ("map", "media type")},
    "media type": {"schema": ("one", "schema")},
    **{
        kind: {
            "properties": ("map", "property"),
            "items": ("one", "schema"),
            "additionalProperties": ("one", "schema"),
            "not": ("one", "schema"),
            "allOf": ("list", "schema"),
            "anyOf": ("list", "schema"),
            "oneOf": ("list", "schema"),
        }
        for kind in ("component schema", "property", "schema")
    },
    **{kind: {} for kind in ("info", "server", "tag", "security scheme")},
}
UNDESCRIBED_KINDS = {"document", "components", "path item", "media type"}


def walk(node: Json, kind: str, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str, Json]]:
    """Yield JSON pointer, kind and object of `node` and all below it."""
    yield "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path), kind, node
    if "$ref" not in node:
        for below, child, value in _children(node, kind):
            yield from walk(value, child, path + below)


def _children(node: Json, kind: str) -> Iterator[tuple[tuple[str, ...], str, Json]]:
    for key, (container, child) in GRAMMAR[kind].items():
        match container, node.get(key):
            case "one", dict(value):
                yield (key,), child, value
            case "list", list(values):
                yield from (((key, str(index)), child, value) for index, value in enumerate(values))
            case "map", dict(values):
                yield from (((key, name), child, value) for name, value in values.items())


def structure(node: Json, kind: str) -> Json:
    """Return `node` without its words; names of properties, schemas and the like stay."""
    if "$ref" in node:
        return node
    bare: Json = {key: value for key, value in node.items() if key not in WORDS}
    for key, (container, child) in GRAMMAR[kind].items():
        match container, bare.get(key):
            case "one", dict(value):
                bare[key] = structure(value, child)
            case "list", list(values):
                bare[key] = [structure(value, child) for value in values]
            case "map", dict(values):
                bare[key] = {name: structure(value, child) for name, value in values.items()}
    return bare


def undescribed(document: Json) -> Iterator[str]:
    """Yield the JSON pointer of each part that needs a description and has none."""
    for pointer, kind, node in walk(document, "document"):
        if _needs_description(kind, node) and not str(node.get("description", "")).strip():
            yield pointer


def _needs_description(kind: str, node: Json) -> bool:
    """Whether it must say what it is: all but references and inline scalars and lists."""
    if "$ref" in node or kind in UNDESCRIBED_KINDS:
        return False
    return kind != "schema" or node.get("type") == "object" or "properties" in node


def with_words_of(old: Json, new: Json, kind: str = "document") -> Json:
    """Return the structure of `new` with the words of `old`, and the words of `new` where `old` has none.

    What stayed keeps its place in the order, so that a diff of the two shows only what changed.
    """
    if "$ref" in new or "$ref" in old:
        return new
    merged = {**new, **{key: old[key] for key in WORDS & old.keys() if old[key] or key not in new}}
    for key, (container, child) in GRAMMAR[kind].items():
        match container, old.get(key), new.get(key):
            case "one", dict(was), dict(now):
                merged[key] = with_words_of(was, now, child)
            case "map", dict(was), dict(now):
                both = {name: with_words_of(was.get(name, {}), value, child) for name, value in now.items()}
                merged[key] = _in_order_of(was, both)
            case "list", list(was), list(now):
                known = dict(zip(_identities(was), was, strict=True))
                merged[key] = [
                    with_words_of(known.get(identity, {}), value, child)
                    for identity, value in zip(_identities(now), now, strict=True)
                ]
    return _in_order_of(old, merged)


def _in_order_of(old: Json, new: Json) -> Json:
    return {key: new[key] for key in [*(key for key in old if key in new), *(key for key in new if key not in old)]}


def _identities(values: list[Json]) -> list[tuple[str, int]]:
    """What makes each member of a list itself, wherever it stands: its reference, its name, or its type."""
    seen: dict[str, int] = {}
    found = []
    for value in values:
        parts = (value.get(key) for key in ("$ref", "in", "name", "url", "title", "type"))
        name = " ".join(str(part) for part in parts if part)
        seen[name] = seen.get(name, 0) + 1
        found.append((name, seen[name]))
    return found
