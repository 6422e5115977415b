"""Find the parts of a contract that the generator cannot handle, and propose overlay actions for them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen
from openapi_python_client.parser.errors import GeneratorError

from qiskit_runtime_rest.contract.document import Document, UnresolvedReference

Path = tuple[str | int, ...]

_NAMED = frozenset(
    {"properties", "patternProperties", "$defs", "schemas", "responses", "parameters", "content", "paths"}
)
"""The keys below these are names, not keywords."""
_DATA = frozenset({"example", "examples", "default", "enum", "const"})
"""Below these keys are values, not schemas."""

_PLACEHOLDER = "A_NAME_OF_ITS_OWN"


@frozen
class Obstacle:
    """A part of the contract for which code or data would be lost, with the overlay action that cures it."""

    target: str
    reason: str
    change: str

    @property
    def is_clear(self) -> bool:
        """Whether the action can be added as it is: a person has nothing to choose."""
        return _PLACEHOLDER not in self.change

    def __str__(self) -> str:
        """Write the action as YAML, to paste into the overlay."""
        return f'  - target: "{self.target}"\n    description: {json.dumps(self.reason)}\n    {self.change}'


def obstacles(content: dict[str, Any]) -> list[Obstacle]:
    """List the parts of a prepared document for which the generator drops code, or its models drop data."""
    document = Document(content=content)
    return [
        *_repeated_operation_ids(document),
        *_optional_union_bodies(document),
        *_recursive_unions(document),
        *(found for path, node in _nodes(content, ()) for found in _node_obstacles(node, path, document)),
    ]


def _node_obstacles(node: Mapping[str, Any], path: Path, document: Document) -> Iterator[Obstacle]:
    for rule in (_array_without_items, _undefined_reference, _odd_enum, _closed_object, _header_parameter):
        if found := rule(node, document):
            steps, reason, change = found
            yield Obstacle(jsonpath((*path, *steps), document), reason, change)


Finding = tuple[Path, str, str] | None


def _array_without_items(node: Mapping[str, Any], _: Document) -> Finding:
    types = node.get("type")
    is_array = types == "array" or (isinstance(types, list) and "array" in types)
    if is_array and not node.keys() & {"items", "prefixItems"}:
        return (), "An array without items may contain anything.", "update: {items: {}}"
    return None


def _undefined_reference(node: Mapping[str, Any], document: Document) -> Finding:
    if isinstance(node.get("$ref"), str):
        try:
            document.resolve(node)
        except UnresolvedReference:
            return ("$ref",), "The reference is not defined: it may stand for anything.", "remove: true"
    return None


def _odd_enum(node: Mapping[str, Any], _: Document) -> Finding:
    values = node.get("enum")
    if not isinstance(values, list):
        return None
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1 or not kinds <= {str, int, bool}:
        return ("enum",), "Mixed or fractional values cannot become a Python enum.", "remove: true"
    if node.get("default") is not None and node["default"] not in values:
        return ("default",), "The default is not one of the enum's values.", "remove: true"
    return None


def _closed_object(node: Mapping[str, Any], _: Document) -> Finding:
    if node.get("additionalProperties") is False:
        reason = "A model of a closed object drops unknown keys, and the service adds keys."
        return ("additionalProperties",), reason, "remove: true"
    return None


def _header_parameter(node: Mapping[str, Any], _: Document) -> Finding:
    schema = node.get("schema")
    if node.get("in") == "header" and isinstance(schema, Mapping):
        for key in ("const", "format"):
            if key in schema and schema[key] != "uuid":
                return ("schema", key), "The generator sends headers of plain types only.", "remove: true"
    return None


def _repeated_operation_ids(document: Document) -> Iterator[Obstacle]:
    seen: set[str] = set()
    for operation in document.operations():
        name = operation.content.get("operationId")
        if name in seen:
            reason = f"Another operation has the id {name}, too."
            yield Obstacle(jsonpath(operation.location, document), reason, f"update: {{operationId: {_PLACEHOLDER}}}")
        elif name:
            seen.add(name)


def _optional_union_bodies(document: Document) -> Iterator[Obstacle]:
    for operation in document.operations():
        body = document.resolve(operation.content.get("requestBody", {}))
        forms = (document.resolve(content.get("schema", {})) for content in body.get("content", {}).values())
        if not body.get("required") and any(form.keys() & {"oneOf", "anyOf"} for form in forms):
            reason = "An optional body of several forms fails if it is left out."
            yield Obstacle(jsonpath((*operation.location, "requestBody"), document), reason, "update: {required: true}")


def _recursive_unions(document: Document) -> Iterator[Obstacle]:
    for name, schema in document.content.get("components", {}).get("schemas", {}).items():
        for key in ("oneOf", "anyOf"):
            if f"#/components/schemas/{name}" in _references(schema.get(key), document, frozenset()):
                target = jsonpath(("components", "schemas", name, key), document)
                reason = "A union that contains itself cannot become a Python class; any JSON value can."
                yield Obstacle(target, reason, "remove: true")


def _references(node: Any, document: Document, entered: frozenset[str]) -> set[str]:
    """The references that a union reaches without passing through an object's properties."""
    if isinstance(node, list):
        return {found for each in node for found in _references(each, document, entered)}
    if not isinstance(node, Mapping):
        return set()
    reference = node.get("$ref")
    if isinstance(reference, str):
        if reference in entered or _undefined_reference(node, document):
            return {reference}
        resolved = document.resolve(node)
        if "properties" in resolved:
            return {reference}
        return {reference} | _references(resolved, document, entered | {reference})
    inner = (node.get(key) for key in ("oneOf", "anyOf", "allOf", "items", "additionalProperties"))
    return {found for each in inner for found in _references(each, document, entered)}


def advice_for(error: GeneratorError) -> str:
    """The generator's error, with an overlay action to complete."""
    detail = re.sub(r"<[\w.]*UntrustedString object at 0x\w+>", "(see the document)", error.detail or "")
    text = f"{error.header.strip()}\n{detail.strip()}"
    if operation := re.search(r"parsing (\w+) (\S+) within", error.header):
        target = f"$.paths['{operation[2]}'].{operation[1].lower()}"
    elif schema := re.search(r"/components/schemas/(\w+)", f"{error.header} {detail}"):
        target = f"$.components.schemas.{schema[1]}"
    else:
        return text
    skeleton = Obstacle(target, "WHY", "update: {}  # or remove: true, aimed at the part in question")
    return f"{text}\nAdd to the overlay:\n{skeleton}"


def jsonpath(path: Path, document: Document) -> str:
    """The path of a node, written as a target of an overlay; parameters by name, since their order may change."""
    text = "$"
    node: Any = document.content
    for step in path:
        node = node[step]
        if isinstance(step, int):
            named = isinstance(node, Mapping) and "in" in node and "name" in node
            text += f"[?(@.name == '{node['name']}')]" if named else f"[{step}]"
        else:
            text += f".{step}" if re.fullmatch(r"[A-Za-z_]\w*", step) else f"['{step}']"
    return text


def _nodes(node: Any, path: Path, *, names: bool = False) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(node, list):
        for number, each in enumerate(node):
            yield from _nodes(each, (*path, number))
    elif isinstance(node, Mapping):
        if not names:
            yield path, node
        for key, value in node.items():
            if names or (key not in _DATA and not key.startswith("x-")):
                yield from _nodes(value, (*path, key), names=not names and key in _NAMED)
