"""Convert values of the contract's parameters to arguments of the generated functions, by the types in signatures."""

from __future__ import annotations

import datetime
import enum
import inspect
import types
import typing
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from qiskit_runtime_api.types import Unset, parse_datetime

from .operations import Operation
from .samples import Samples
from .schemas import class_names


def least_arguments(operation: Operation) -> dict[str, Any]:
    """Arguments for the required parameters and the body of an operation."""
    samples = Samples(operation.schemas)
    required = [given for given in operation.parameters if given.get("required") and given["in"] != "header"]
    values = {given["name"]: samples.whole(given["schema"]) for given in required}
    body = {} if operation.body is None else {"body": samples.whole(operation.body)}
    return dict(python_arguments(operation, {**values, **body}))


def python_arguments(operation: Operation, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arguments for values of the contract's parameters, and for a `body`."""
    hints = typing.get_type_hints(operation.module._get_kwargs)
    names = {_bare(name): name for name in inspect.signature(operation.module._get_kwargs).parameters}
    for name, value in values.items():
        own = names[_bare(name)]
        yield own, _body(operation, hints[own], value) if name == "body" else _as_python(hints[own], value)


def _bare(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _choices(hint: Any) -> list[Any]:
    choices = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return [each for each in choices if each is not Unset]


def _as_python(hint: Any, value: Any) -> Any:
    kind = _choices(hint)[0]
    if typing.get_origin(kind) is list:
        return [_as_python(typing.get_args(kind)[0], each) for each in value]
    if kind is datetime.datetime:
        return parse_datetime(value)
    if issubclass(kind, enum.Enum | uuid.UUID):
        return kind(value)
    return int(value) if kind is int else value


def _body(operation: Operation, hint: Any, value: Any) -> Any:
    """The model of a body. If a function takes several models, the one whose schema the body fits."""
    models: dict[str, Any] = {each.__name__: each for each in _choices(hint) if attrs.has(each)}
    if len(models) == 1:
        return next(iter(models.values())).from_dict(value)
    branches = operation.schemas.resolved(operation.body or {})["oneOf"]
    named = {class_names()[operation.schemas.named(branch)[0] or ""]: branch for branch in branches}
    fitting = [name for name, branch in named.items() if operation.schemas.accepts(branch, value)]
    return models[next(name for name in [*fitting, *named] if name in models)].from_dict(value)
