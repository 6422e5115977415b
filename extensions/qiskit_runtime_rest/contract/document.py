"""An OpenAPI document: its operations, with references resolved and `allOf` merged."""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

__all__ = ["Document", "JsonObject", "NotOpenApi", "Operation", "UnresolvedReference", "as_object"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

JsonObject = Mapping[str, Any]


class NotOpenApi(ValueError):
    """A document does not have the structure that OpenAPI 3 requires."""


class UnresolvedReference(NotOpenApi):
    """A `$ref` points at nothing in its document."""

    def __init__(self, reference: str) -> None:
        """`reference`: as written in the document."""
        super().__init__(f"the contract refers to {reference}, which it does not define")
        self.reference = reference


def as_object(schema: JsonObject | bool) -> JsonObject:
    """A schema as an object; the schemas `true` (matches anything) and `false` (matches nothing) become one."""
    return schema if not isinstance(schema, bool) else ({} if schema else {"not": {}})


@frozen(eq=False)
class Operation:
    """One operation: a method of a path."""

    method: str
    """In upper case."""
    path: str
    content: JsonObject
    """The operation's object, with the parameters of its path."""

    @property
    def name(self) -> str:
        """Method and path, as in `GET /v1/jobs/{id}`."""
        return f"{self.method} {self.path}"

    @property
    def id(self) -> str:
        """The `operationId`; of an operation without one, the name."""
        return str(self.content.get("operationId", self.name))

    @property
    def location(self) -> tuple[str, str, str]:
        """The keys that lead to the operation in its document."""
        return "paths", self.path, self.method.lower()


@frozen(eq=False)
class Document:
    """An OpenAPI document whose references can be followed."""

    content: JsonObject

    def operations(self) -> Iterator[Operation]:
        """Each operation, in the order of the document."""
        for path, item in self.content.get("paths", {}).items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    parameters = [*shared, *item[method].get("parameters", [])]
                    yield Operation(method.upper(), path, {**item[method], "parameters": parameters})

    def resolve(self, node: JsonObject) -> JsonObject:
        """Follow `$ref` to an object without one.

        Raises:
            UnresolvedReference: a reference points at nothing, or only at itself.
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
