"""Read an OpenAPI document: its operations, with references resolved and `allOf` merged."""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

JsonObject = Mapping[str, Any]


class NotOpenApi(ValueError):
    """A document is not what OpenAPI says that it is."""


class UnresolvedReference(NotOpenApi):
    """A `$ref` points at nothing in its document."""

    def __init__(self, reference: str) -> None:
        """Name the reference as it is written in the document."""
        super().__init__(f"the contract refers to {reference}, which it does not define")
        self.reference = reference


def as_object(schema: JsonObject | bool) -> JsonObject:
    """A schema as an object: `true`, which anything fits, and `false`, which nothing does, are schemas, too."""
    return schema if not isinstance(schema, bool) else ({} if schema else {"not": {}})


@frozen(eq=False)
class Document:
    """An OpenAPI document whose references can be followed."""

    content: JsonObject

    def resolve(self, node: JsonObject) -> JsonObject:
        """Follow `$ref` until something else stands there.

        Raises:
            UnresolvedReference: If a reference points nowhere, or only at itself.
        """
        seen: set[str] = set()
        while isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            if reference in seen:
                raise UnresolvedReference(reference)
            seen.add(reference)
            node = self._at(reference)
        return node

    def _at(self, reference: str) -> JsonObject:
        found: Any = self.content
        for part in reference.removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise UnresolvedReference(reference)
            found = found[name]
        if not isinstance(found, Mapping):
            raise UnresolvedReference(reference)
        return found

    def schema(self, node: JsonObject | bool) -> JsonObject:
        """Resolve a schema and merge its `allOf` into it, so that both ways to write it compare as equal."""
        node = self.resolve(as_object(node))
        if not isinstance(node.get("allOf"), list):
            return node
        merged: dict[str, Any] = {}
        for part in [*map(self.schema, node["allOf"]), {k: v for k, v in node.items() if k != "allOf"}]:
            for key, value in part.items():
                if key == "properties":
                    merged[key] = {**merged.get(key, {}), **value}
                elif key == "required":
                    merged[key] = [*merged.get(key, []), *value]
                else:
                    merged[key] = value
        return merged

    def operations(self) -> Iterator[tuple[str, JsonObject]]:
        """Yield each operation under its method and path, with the parameters of its path."""
        for path, item in self.content.get("paths", {}).items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    operation = item[method]
                    parameters = [*shared, *operation.get("parameters", [])]
                    yield f"{method.upper()} {path}", {**operation, "parameters": parameters}
