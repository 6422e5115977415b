"""Every documented answer comes back as what it is: the type that the contract names, or the error that it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import httpx
import pytest
from hypothesis import given

from qiskit_runtime_api import Client
from qiskit_runtime_api.models import ErrorContainer
from qiskit_runtime_rest import errors
from qiskit_runtime_rest.api_versions import SUNSETS
from qiskit_runtime_rest.validation.checker import Checker

from .consumer.arguments import least_arguments
from .consumer.expected import PLAIN, differences, plain, used
from .consumer.made import few, made
from .consumer.operations import Operation, newest, operations
from .consumer.samples import Sample, Samples
from .consumer.service import BASE_URL, Consumer, answer

Consumers = Callable[[str], Consumer]
EXAMPLES = 3
VERSIONS = list(SUNSETS)

MEANS: dict[int, type[errors.ApiError]] = {
    400: errors.InvalidRequest,
    401: errors.AuthenticationError,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    500: errors.ServerError,
}
READ = [operation for operation in newest().values() if 200 in operation.answers]
QUOTA = ("create_job", 409)
"""The one refusal whose meaning is not that of its status alone."""


def documented(successes: bool, versions: Sequence[str] = VERSIONS) -> list[Any]:
    """Each status of each operation of each version."""
    return [
        pytest.param(operation, status, id=f"{operation.id}-{status}-{version}")
        for version in versions
        for operation in operations(version).values()
        for status in operation.answers
        if (status < 400) == successes
    ]


@cache
def samples(operation: Operation, status: int) -> list[Sample]:
    """What a version's answer may be, as far as no newer version has the same; the whole answer in any case."""
    said = operation.answers[status]
    if said is None:
        return [Sample("nothing", None)]
    here = list(Samples(operation.schemas).each(said[1]))
    later = VERSIONS[VERSIONS.index(operation.version) + 1 :]
    newer = operations(later[0]).get(operation.id) if later else None
    if newer is None or (there := newer.answers.get(status)) is None:
        return here
    known = [sample.value for sample in Samples(newer.schemas).each(there[1])]
    return [sample for sample in here if sample.what == "everything" or sample.value not in known]


@pytest.mark.parametrize(("operation", "status"), documented(successes=True))
def test_a_generated_function_reads_each_documented_answer_as_the_type_that_the_contract_names(
    consumer: Consumers, operation: Operation, status: int
) -> None:
    clients = consumer(operation.version)
    for sample in samples(operation, status):
        reads(clients, operation, status, sample.value, what=sample.what)


def reads(clients: Consumer, operation: Operation, status: int, value: Any, *, what: str = "") -> None:
    clients.service.answers[operation.id] = lambda _: answer(operation, status, value)
    for _, response, _ in clients.outcomes(lambda face: face.generated(operation, **least_arguments(operation))):
        assert response.status_code == status
        said = operation.answers[status]
        if said is None:
            assert response.parsed is None
            continue
        came = text_or_json(value)
        wrong = list(differences(operation.schemas, said[1], came, response.parsed))
        assert not wrong, (what, wrong)
        assert plain(response.parsed) == plain(came), what


def text_or_json(value: Any) -> Any:
    """A text as it is read where results may be one: as the JSON that it is, if it is some."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


@pytest.mark.parametrize("operation", [pytest.param(each, id=f"{each.id}-200-{each.version}") for each in READ])
def test_a_generated_function_reads_whatever_keeps_the_contract(consumer: Consumers, operation: Operation) -> None:
    clients = consumer(operation.version)
    said = operation.answers[200]
    assert said is not None

    @few(EXAMPLES)
    @given(value=made(operation.schemas.resolved(said[1]), operation.schemas))
    def read(value: Any) -> None:
        reads(clients, operation, 200, value)

    read()


def test_what_stays_plain_json_though_the_contract_names_a_type_is_no_more_than_listed(consumer: Consumers) -> None:
    used.clear()
    for version in VERSIONS:
        for operation in operations(version).values():
            for status in operation.answers:
                for sample in samples(operation, status) if status < 400 else ():
                    if sample.what == "everything" or sample.what.endswith("with more"):
                        reads(consumer(version), operation, status, sample.value)
    assert used == PLAIN.keys()


@pytest.mark.parametrize(("operation", "status"), documented(successes=False))
def test_a_generated_function_raises_the_error_that_a_documented_status_means(
    consumer: Consumers, operation: Operation, status: int
) -> None:
    clients = consumer(operation.version)
    for sample in samples(operation, status):
        refuses(clients, operation, status, sample.value)


def refuses(clients: Consumer, operation: Operation, status: int, value: Any) -> None:
    clients.service.answers[operation.id] = lambda _: answer(operation, status, value)
    for face in clients.faces:
        with pytest.raises(errors.ApiError) as caught:
            face.generated(operation, **least_arguments(operation))
        check_error(caught.value, operation, status, value)
    assert clients.service.taken()


def check_error(error: errors.ApiError, operation: Operation, status: int, value: Any) -> None:
    assert type(error) is (errors.QuotaExceeded if (operation.id, status) == QUOTA else MEANS[status])
    assert error.status == status
    first = (value.get("errors") or [{}])[0]
    for name in ("message", "more_info"):
        if one_line(first.get(name)):
            assert getattr(error, name) == one_line(first[name])
    assert error.message
    assert str(error.code) == (one_line(first.get("code")) or "None")
    assert error.trace == (one_line(value.get("trace")) or None)


def one_line(said: object) -> str:
    return "" if said is None else " ".join(str(said).split())


@pytest.mark.parametrize(("operation", "status"), documented(successes=False, versions=VERSIONS[-1:]))
def test_without_a_client_of_ours_an_error_is_read_as_the_one_model_of_errors(
    consumer: Consumers, operation: Operation, status: int
) -> None:
    service = consumer(operation.version).service
    with Client(base_url=BASE_URL, httpx_args={"transport": httpx.MockTransport(service)}) as client:
        for sample in samples(operation, status):
            service.answers[operation.id] = lambda _, value=sample.value: answer(operation, status, value)
            read = operation.module.sync_detailed(client=client, **least_arguments(operation))
            assert (read.status_code, type(read.parsed)) == (status, ErrorContainer), sample.what
            assert read.parsed.to_dict() == sample.value, sample.what


@pytest.mark.parametrize("version", VERSIONS)
def test_validate_finds_nothing_wrong_with_any_documented_answer(version: str) -> None:
    checker = Checker(base_url=BASE_URL, api_version=version)
    for operation in operations(version).values():
        for status in operation.answers:
            for sample in samples(operation, status):
                response = answer(operation, status, sample.value)
                url = f"{BASE_URL}{operation.path.format(id='x')}"
                response.request = httpx.Request(operation.method, url, headers={"IBM-API-Version": version})
                assert not sample.documented or checker.violation(response) is None, (operation.id, sample.what)
