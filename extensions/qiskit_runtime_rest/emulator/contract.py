"""The vendored contract: its operations, and validators for its schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..base.nullable import with_null_variants

if TYPE_CHECKING:
    from openapi_schema_validator import OAS30Validator

__all__ = ["Contract", "Operation", "Parameter"]

_URI = "urn:qiskit-runtime-contract"

# Some operations document only one error status, so the emulator uses it for every error of theirs.
_NEAR: Mapping[int, tuple[int, ...]] = {400: (404,), 404: (400,), 409: (400, 404), 403: (401,)}


@frozen
class Parameter:
    """One query, path or header parameter of an operation."""

    name: str
    place: str
    required: bool
    schema: Mapping[str, Any]
    pointer: str


@frozen
class Operation:
    """One operation of the contract."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body_pointer: str | None
    body_required: bool
    statuses: frozenset[int]

    def documented(self, status: int) -> int:
        """The status to send for an error: this one, or a documented one that is similar.

        If neither is documented, it stays: an error must not look like a success.
        """
        near = (status, *_NEAR.get(status, ()))
        return next((candidate for candidate in near if candidate in self.statuses), status)


class Contract:
    """The document as the service publishes it.

    Validation uses openapi-schema-validator on the parts of the document. openapi-core refuses the document as
    published (a default outside its enum), and its strict `oneOf` would reject each sampler job (its parameters
    fit the estimator's schema as well).
    """

    def __init__(self, document: Mapping[str, Any], *, text: str) -> None:
        """The parsed document, and its text, which the service publishes unchanged."""
        self.document = document
        self.text = text
        self._validators: dict[str, OAS30Validator] = {}

    @classmethod
    def load(cls) -> Contract:
        """Read the document from the generated package."""
        text = resources.files("qiskit_runtime_api").joinpath("openapi.json").read_text("utf-8")
        return cls(json.loads(text), text=text)

    @cached_property
    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """All operations, by method and path."""
        return {
            (method.upper(), path): self._operation(method, path, spec)
            for path, item in self.document["paths"].items()
            for method, spec in item.items()
            if method in {"get", "put", "post", "patch", "delete"}
        }

    def validator(self, pointer: str) -> OAS30Validator:
        """The validator of the schema at a JSON pointer (`#/...`), compiled once."""
        if pointer not in self._validators:
            from openapi_schema_validator import OAS30Validator, oas30_format_checker

            self._validators[pointer] = OAS30Validator(
                {"$ref": f"{_URI}{pointer}"}, registry=self._registry, format_checker=oas30_format_checker
            )
        return self._validators[pointer]

    @cached_property
    def _registry(self) -> Any:
        from referencing import Registry
        from referencing.jsonschema import DRAFT4

        document = with_null_variants(_with_sound_discriminators(self.document))
        return Registry().with_resource(_URI, DRAFT4.create_resource(document))

    def _operation(self, method: str, path: str, spec: Mapping[str, Any]) -> Operation:
        here = f"#/paths/{_escape(path)}/{method}"
        body = spec.get("requestBody")
        return Operation(
            id=spec["operationId"],
            method=method.upper(),
            path=path,
            parameters=tuple(
                self._parameter(given, f"{here}/parameters/{index}")
                for index, given in enumerate(spec.get("parameters", []))
            ),
            body_pointer=f"{here}/requestBody/content/application~1json/schema" if body else None,
            body_required=bool(body and body.get("required")),
            statuses=frozenset(int(status) for status in spec["responses"] if status.isdigit()),
        )

    def _parameter(self, given: Mapping[str, Any], pointer: str) -> Parameter:
        if "$ref" in given:
            pointer = given["$ref"]
            given = self.resolve(pointer)
        schema = given["schema"]
        return Parameter(
            name=given["name"],
            place=given["in"],
            required=bool(given.get("required")),
            schema=self.resolve(schema["$ref"]) if "$ref" in schema else schema,
            pointer=f"{pointer}/schema",
        )

    def resolve(self, pointer: str) -> Mapping[str, Any]:
        """The part of the document at a JSON pointer (`#/...`)."""
        part: Any = self.document
        for step in pointer.removeprefix("#/").split("/"):
            part = part[step.replace("~1", "/").replace("~0", "~")]
        return part  # type: ignore[no-any-return]


def _with_sound_discriminators(part: Any) -> Any:
    """Remove discriminators without a mapping, for which the `oneOf` beside them is enough.

    The validator takes their values for names of schemas, and would refuse the storage kind `ibmcloud_cos`.
    """
    match part:
        case dict():
            left_out = {"discriminator"} if part.get("discriminator", {}).keys() == {"propertyName"} else set()
            return {name: _with_sound_discriminators(one) for name, one in part.items() if name not in left_out}
        case list():
            return [_with_sound_discriminators(one) for one in part]
        case _:
            return part


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
