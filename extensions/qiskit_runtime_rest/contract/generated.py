"""What the generated package makes of the contract: which module holds an operation, which model a property."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from attrs import frozen

from qiskit_runtime_api import api, models
from qiskit_runtime_api.models import ErrorContainer
from qiskit_runtime_api.types import Unset

__all__ = ["GeneratedOperation", "Property", "operation_files", "property_of"]

PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int, float),
    "number": (float,),
    "object": (dict, Mapping),
    "string": (str, datetime, date, UUID),
}
"""Types of the contract, and the types of Python by which a generated annotation accepts them."""


@frozen
class GeneratedOperation:
    """The module of one operation: `jobs.get_job` for `GET /v1/jobs/{id}`."""

    module: str
    file: str
    parameters: Mapping[str, frozenset[type]]
    """Models and enums of each parameter, by its plain name; `body` is one of them."""
    answers: frozenset[type]
    """Models that a success may be read as."""


@frozen
class Property:
    """Where generated models keep a property of a request or an answer.

    Attributes:
        files: the models that have it; of a property that none has, those that would.
        type_files: the models and enums that its value may be.
        known: whether the models have it as a field, and not only among whatever else an object holds.
        may_be_null, may_be_missing: whether the generated type says so, in all of `files`.
        accepts: types of the contract (`string`, `object`, ...) that the generated type has room for.
    """

    files: tuple[str, ...]
    type_files: tuple[str, ...]
    known: bool
    may_be_null: bool
    may_be_missing: bool
    accepts: frozenset[str]


@cache
def operation_files() -> Mapping[str, GeneratedOperation]:
    """Every generated operation, by method and path: `GET /v1/jobs/{id}`."""
    modules = [import_module(each.name) for each in walk_packages(api.__path__, f"{api.__name__}.") if not each.ispkg]
    return {module.OPERATION: _operation(module) for module in modules}


def property_of(operation: GeneratedOperation, location: str) -> Property:
    """Where the part of an operation that `location` (of a `Change`) names stands in the generated models."""
    part, _, path = location.partition(": ")
    if part.startswith("response"):
        types = operation.answers
    elif part == "request body":
        types = operation.parameters.get("body", frozenset())
    else:
        types = operation.parameters.get(_plain(part.split()[1]), frozenset()) if " " in part else frozenset()
    return _walk(types, path)


def _walk(types: frozenset[type], path: str) -> Property:
    """Follow the steps of a path (`state.reason`, `jobs[].tags`) from model to model."""
    holders: frozenset[type] = frozenset()
    fields: list[frozenset[type]] = []
    for step in re.findall(r"\{\}|[^.\[\](){}]+(?![^(]*\))", path):
        name = "additionalproperties" if step == "{}" else _plain(step)
        found = {model: own for model in types if (own := _fields(model).get(name)) is not None}
        holders, fields = frozenset(found or types), list(found.values())
        types = _models(frozenset().union(*fields))
    return Property(
        files=tuple(sorted(map(_file, holders))),
        type_files=tuple(sorted(map(_file, types))),
        known=bool(fields),
        may_be_null=bool(fields) and all(own & {NoneType, object} for own in fields),
        may_be_missing=bool(fields) and all(Unset in own for own in fields),
        accepts=frozenset.intersection(*map(_accepted, fields)) if fields else frozenset(),
    )


def _accepted(types: frozenset[type]) -> frozenset[str]:
    if object in types:
        return frozenset(PYTHON_TYPES)
    named = {kind for kind, accepting in PYTHON_TYPES.items() if types & {*accepting}}
    classes = {"object" if _fields(model) else "string" for model in _models(types)}
    return frozenset(named | classes)


def _operation(module: Any) -> GeneratedOperation:
    parameters = get_type_hints(module._get_kwargs)
    del parameters["return"]
    answers = _models(_types(get_type_hints(module._parse_response)["return"]))
    return GeneratedOperation(
        module=module.__name__.removeprefix(f"{api.__name__}."),
        file=_file(module._get_kwargs),
        parameters={_plain(name): _models(_types(hint)) for name, hint in parameters.items()},
        answers=answers - {ErrorContainer},  # every error is read as this model
    )


@cache
def _fields(model: type) -> Mapping[str, frozenset[type]]:
    """The types of the fields of a model, by their plain names; an enum has none."""
    every = {name: getattr(models, name) for name in models.__all__}
    return {_plain(name): _types(hint) for name, hint in get_type_hints(model, localns=every).items()}


def _models(types: frozenset[type]) -> frozenset[type]:
    return frozenset(each for each in types if each.__module__.startswith(f"{models.__name__}."))


def _types(hint: Any) -> frozenset[type]:
    """All types that `hint` names: `list[Job] | None` gives `list`, `Job` and `NoneType`; `Any` gives `object`."""
    if hint is Any:
        return frozenset({object})
    own = {hint} if isinstance(hint, type) and get_origin(hint) is None else {get_origin(hint)} - {Union, UnionType}
    return frozenset(own).union(*map(_types, get_args(hint)))


def _file(item: Any) -> str:
    """The file of a class or a function of the generated package."""
    return f"generated/{item.__module__.replace('.', '/')}.py"


def _plain(name: str) -> str:
    """A name as the contract and the generator both write it: `reasonCode` is kept as `reason_code`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
