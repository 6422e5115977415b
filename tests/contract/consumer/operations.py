"""The operations of the contract, version by version, each with its generated module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from attrs import field, frozen

from qiskit_runtime_rest.config.api_versions import SUNSETS
from qiskit_runtime_rest.contract.document import Document
from qiskit_runtime_rest.contract.generated import operation_files
from qiskit_runtime_rest.contract.versions import corrected_contract_of, vendored

from .schemas import Schemas


@frozen(eq=False)
class Operation:
    """One operation in one API version."""

    version: str
    method: str
    path: str
    spec: Mapping[str, Any] = field(repr=False)
    schemas: Schemas = field(repr=False)

    @property
    def id(self) -> str:
        """The `operationId`."""
        return str(self.spec["operationId"])

    @property
    def name(self) -> str:
        """The name of the generated module, such as `jobs.get_job`."""
        return operation_files()[f"{self.method.upper()} {self.path}"].module

    @property
    def module(self) -> ModuleType:
        """The generated module, imported."""
        return import_module(f"qiskit_runtime_api.api.{self.name}")

    @property
    def parameters(self) -> list[Mapping[str, Any]]:
        """Its parameters, with references resolved."""
        return [self.schemas.resolved(given) for given in self.spec.get("parameters", [])]

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The schema of the request's body."""
        if "requestBody" not in self.spec:
            return None
        schema: Mapping[str, Any] = self.spec["requestBody"]["content"]["application/json"]["schema"]
        return schema

    @property
    def answers(self) -> dict[int, tuple[str, Mapping[str, Any]] | None]:
        """Media type and schema of each documented status; None for a status without a body."""
        described = {int(status): self.schemas.resolved(said) for status, said in self.spec["responses"].items()}
        return {
            status: next(((kind, media["schema"]) for kind, media in said.get("content", {}).items()), None)
            for status, said in described.items()
        }


@cache
def operations(version: str) -> Mapping[str, Operation]:
    """The operations of a version, by their ids."""
    return _operations(corrected_contract_of(version), version)


@cache
def newest() -> Mapping[str, Operation]:
    """Every operation of the vendored contract, in the newest version that still has it."""
    known = {name: operation for version in SUNSETS for name, operation in operations(version).items()}
    published = _operations(vendored(), "vendored")
    return {name: known.get(name, operation) for name, operation in published.items()}


def _operations(document: Mapping[str, Any], version: str) -> dict[str, Operation]:
    schemas = Schemas(document)
    return {
        each.id: Operation(version, each.method.lower(), each.path, each.content, schemas)
        for each in Document(document).operations()
    }
