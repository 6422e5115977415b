"""What leaves the client keeps the contract, whatever it is called with: generated functions, and conveniences."""

from __future__ import annotations

import datetime
import enum
import inspect
import types
import typing
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given

from qiskit_runtime_api.types import Unset, parse_datetime
from qiskit_runtime_rest.contract.generated import operation_files
from qiskit_runtime_rest.validation.documents import vendored

from .consumer.expected import plain
from .consumer.made import arguments, few
from .consumer.operations import Operation, newest
from .consumer.schemas import class_names
from .consumer.sent import Sent
from .consumer.service import Consumer

Consumers = Callable[[str], Consumer]
EXAMPLES = 6


def test_every_operation_of_the_contract_has_its_generated_function() -> None:
    published = {f"{method.upper()} {path}" for path, item in vendored()["paths"].items() for method in item}
    assert {f"{each.method.upper()} {each.path}" for each in newest().values()} == published
    assert published == operation_files().keys()


def each_of(operations: Iterable[Operation]) -> list[Any]:
    return [pytest.param(operation, id=f"{operation.id}-request-{operation.version}") for operation in operations]


@pytest.mark.parametrize("operation", each_of(newest().values()))
def test_a_generated_function_sends_what_it_is_given_as_the_contract_says(
    consumer: Consumers, operation: Operation
) -> None:
    clients = consumer(operation.version)

    @few(EXAMPLES)
    @given(values=arguments(operation))
    def ask(values: dict[str, Any]) -> None:
        called_with = dict(python_arguments(operation, values))
        for _, answer, (sent,) in clients.outcomes(lambda face: face.generated(operation, **called_with)):
            assert sent.operation is operation
            assert not list(lost(values, sent))
            assert answer.status_code == min(operation.answers)

    ask()


def python_arguments(operation: Operation, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arguments of the generated function that stand for values of the contract's parameters."""
    hints = typing.get_type_hints(operation.module._get_kwargs)
    names = {bare(name): name for name in inspect.signature(operation.module._get_kwargs).parameters}
    for name, value in values.items():
        if name == "body":
            yield name, body_model(operation, hints["body"], value)
        else:
            yield names[bare(name)], as_python(hints[names[bare(name)]], value)


def bare(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def as_python(hint: Any, value: Any) -> Any:
    """A JSON value as a type hint wants it."""
    choices = [each for each in options(hint) if each is not Unset]
    kind = choices[0]
    if typing.get_origin(kind) is list:
        return [as_python(typing.get_args(kind)[0], each) for each in value]
    if kind is datetime.datetime:
        return parse_datetime(value)
    if issubclass(kind, enum.Enum | uuid.UUID):
        return kind(value)
    return int(value) if kind is int else value


def options(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def body_model(operation: Operation, hint: Any, value: Any) -> Any:
    """The model of a body: of several that a function takes, the one whose form the body has."""
    models = {each.__name__: each for each in options(hint) if attrs.has(each)}
    if len(models) == 1:
        return next(iter(models.values())).from_dict(value)
    assert operation.body is not None
    branches = operation.schemas.resolved(operation.body)["oneOf"]
    named = [class_names()[operation.schemas.named(branch)[0] or ""] for branch in branches]
    fitting = [name for name, branch in zip(named, branches, strict=True) if operation.schemas.accepts(branch, value)]
    return models[next(name for name in [*fitting, *named] if name in models)].from_dict(value)


def lost(values: dict[str, Any], sent: Sent) -> Iterator[str]:
    """Which of the values are not in the request as they were given."""
    for name, value in values.items():
        came = sent.body if name == "body" else sent.given.get(name)
        if plain(came) != plain(value) and not (name == "limit" and came == int(value)):
            yield f"{name}: {value!r} came as {came!r}"


@pytest.mark.parametrize("step", [".", "..", "...", "a/../b", "%2e%2e", "a b?c#d"])
@pytest.mark.parametrize(
    "operation", each_of(each for each in newest().values() if "{id}" in each.path and each.id != "get_account")
)
def test_an_id_stays_in_its_place_in_the_path(consumer: Consumers, operation: Operation, step: str) -> None:
    arguments = {"id": step} | ({"body": operation_body(operation)} if operation.body else {})
    for _, _, (sent,) in consumer(operation.version).outcomes(lambda face: face.generated(operation, **arguments)):
        assert (sent.operation.id, sent.given["id"]) == (operation.id, step)


def operation_body(operation: Operation) -> Any:
    from .consumer.samples import Samples

    hints = typing.get_type_hints(operation.module._get_kwargs)
    return body_model(operation, hints["body"], Samples(operation.schemas).whole(operation.body or {}))
