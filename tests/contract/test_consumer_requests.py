"""What leaves the client keeps the contract, whatever it is called with: generated functions, and conveniences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given

from qiskit_runtime_rest.contract.generated import operation_files
from qiskit_runtime_rest.validation.documents import vendored

from .consumer.arguments import least_arguments, python_arguments
from .consumer.expected import plain
from .consumer.made import arguments, few
from .consumer.operations import Operation, newest
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


def lost(values: dict[str, Any], sent: Sent) -> Iterator[str]:
    """Which of the values are not in the request as they were given."""
    for name, value in values.items():
        came = sent.body if name == "body" else sent.given.get(name)
        # A page size is a number in the contract, and a whole one in the generated function.
        if plain(came) != plain(value) and not (name == "limit" and came == int(value)):
            yield f"{name}: {value!r} came as {came!r}"


@pytest.mark.parametrize("step", [".", "..", "...", "a/../b", "%2e%2e", "a b?c#d"])
@pytest.mark.parametrize(
    "operation", each_of(each for each in newest().values() if "{id}" in each.path and each.id != "get_account")
)
def test_an_id_stays_in_its_place_in_the_path(consumer: Consumers, operation: Operation, step: str) -> None:
    called_with = {**least_arguments(operation), "id": step}
    for _, _, (sent,) in consumer(operation.version).outcomes(lambda face: face.generated(operation, **called_with)):
        assert (sent.operation.id, sent.given["id"]) == (operation.id, step)
