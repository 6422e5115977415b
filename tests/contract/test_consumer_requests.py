"""The requests of generated functions and conveniences keep the contract, whatever their arguments."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given

from qiskit_runtime_rest.client.operations import OPERATIONS
from qiskit_runtime_rest.contract.generated import operation_files
from qiskit_runtime_rest.contract.versions import vendored

from .consumer.arguments import least_arguments, python_arguments
from .consumer.expected import plain
from .consumer.made import arguments, few, given_values
from .consumer.operations import Operation, newest
from .consumer.sent import Sent
from .consumer.service import Consumer
from .consumer.uses import USES, Stage, Use

# All operations are sent, those that the contract calls deprecated too.
pytestmark = pytest.mark.filterwarnings(r"ignore:\w+ is deprecated. :DeprecationWarning")

Consumers = Callable[[str], Consumer]
EXAMPLES = 6


def test_every_operation_of_the_contract_has_its_generated_function() -> None:
    published = {f"{method.upper()} {path}" for path, item in vendored()["paths"].items() for method in item}
    assert {f"{each.method.upper()} {each.path}" for each in newest().values()} == published
    assert published == operation_files().keys()


def each_of(operations: Iterable[Operation]) -> list[Any]:
    return [pytest.param(operation, id=f"{operation.id}-request-{operation.version}") for operation in operations]


@pytest.mark.parametrize("operation", each_of(newest().values()))
def test_a_generated_function_sends_its_arguments_as_the_contract_says(
    consumer: Consumers, operation: Operation
) -> None:
    clients = consumer(operation.version)

    @few(EXAMPLES)
    @given(values=arguments(operation))
    def ask(values: dict[str, Any]) -> None:
        called_with = dict(python_arguments(operation, values))
        for _, answer, (sent,) in clients.outcomes(lambda face: face.detailed(operation.module, **called_with)):
            assert sent.operation is operation
            assert not list(lost(values, sent))
            assert answer.status_code == min(operation.answers)

    ask()


def lost(values: dict[str, Any], sent: Sent) -> Iterator[str]:
    """The values that are not in the request as they were given."""
    for name, value in values.items():
        came = sent.body if name == "body" else sent.given.get(name, (sent.body or {}).get(name))
        if sent.operation.id == "create_job" and name == "tags":
            came = came[:-1]  # the last one is the client's own tag
        # A page size is a number in the contract, and an integer in the generated function.
        if plain(came) != plain(value) and not (name == "limit" and came == int(value)):
            yield f"{name}: {value!r} came as {came!r}"


@pytest.mark.parametrize("step", [".", "..", "...", "a/../b", "%2e%2e", "a b?c#d"])
@pytest.mark.parametrize(
    "operation", each_of(each for each in newest().values() if "{id}" in each.path and each.id != "get_account")
)
def test_an_id_stays_in_its_place_in_the_path(consumer: Consumers, operation: Operation, step: str) -> None:
    called_with = {**least_arguments(operation), "id": step}
    for _, _, (sent,) in consumer(operation.version).outcomes(
        lambda face: face.detailed(operation.module, **called_with)
    ):
        assert (sent.operation.id, sent.given["id"]) == (operation.id, step)


def test_every_convenience_has_its_use() -> None:
    assert {use.name for use in USES} == set(OPERATIONS)


def test_every_operation_that_a_convenience_declares_is_one_of_the_contract() -> None:
    known = {operation.name for operation in newest().values()}
    assert {module for modules in OPERATIONS.values() for module in modules} <= known


@pytest.mark.parametrize(
    "use",
    [pytest.param(use, id=f"{use.operation}-request-{newest()[use.operation].version}-{use.name}") for use in USES],
)
def test_a_convenience_sends_its_arguments_as_the_contract_says(consumer: Consumers, use: Use) -> None:
    version = newest()[use.operation].version

    @few(EXAMPLES)
    @given(values=given_values(use))
    def ask(values: dict[str, Any]) -> None:
        clients = consumer(version)
        for face in clients.faces:
            clients.service.answers.clear()
            clients.service.sent.clear()
            with contextlib.suppress(*use.may_raise):
                use.call(Stage(clients, face, values))
            taken = clients.service.taken()
            sent = [each for each in taken if each.operation.id == use.operation]
            assert sent
            assert not list(lost(values, sent[0]))
            assert {each.operation.id for each in taken} <= {use.operation, *use.also}

    ask()
