"""Every documented response is read as the type in the contract, or raised as the error of its status."""

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
from qiskit_runtime_rest.config.api_versions import SUNSETS
from qiskit_runtime_rest.contract.response_check import Checker

from ..fixtures.faces import Face
from .consumer.arguments import least_arguments
from .consumer.expected import PLAIN, differences, plain, used
from .consumer.made import few, fields, made
from .consumer.operations import Operation, newest, operations
from .consumer.samples import EVERYTHING, Sample, Samples
from .consumer.service import BASE_URL, Consumer, answer
from .consumer.uses import NEEDED, USES, Stage, Use

# All operations are sent, those that the contract calls deprecated too.
pytestmark = pytest.mark.filterwarnings(r"ignore:\w+ is deprecated. :DeprecationWarning")

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
"""The only refusal whose error is not that of its status."""


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
    """The samples of a version's response that no newer version has, and the whole response."""
    said = operation.answers[status]
    if said is None:
        return [Sample(EVERYTHING, None)]
    here = list(Samples(operation.schemas).each(said[1]))
    later = VERSIONS[VERSIONS.index(operation.version) + 1 :]
    newer = operations(later[0]).get(operation.id) if later else None
    if newer is None or (there := newer.answers.get(status)) is None:
        return here
    known = [sample.value for sample in Samples(newer.schemas).each(there[1])]
    return [sample for sample in here if sample.what == EVERYTHING or sample.value not in known]


@pytest.mark.parametrize(("operation", "status"), documented(successes=True))
def test_a_generated_function_reads_each_documented_response_as_its_type(
    consumer: Consumers, operation: Operation, status: int
) -> None:
    clients = consumer(operation.version)
    for sample in samples(operation, status):
        reads(clients, operation, status, sample)


def reads(clients: Consumer, operation: Operation, status: int, sample: Sample) -> None:
    what, value, _ = sample
    clients.service.answers[operation.id] = lambda _: answer(operation, status, value)
    called_with = least_arguments(operation)
    for _, response, _ in clients.outcomes(
        lambda face: face.detailed(operation.module, **called_with), clients.faces_for(sample)
    ):
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
    """The JSON value of a text, as results are read; the text itself if it is not JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


@pytest.mark.parametrize("operation", [pytest.param(each, id=f"{each.id}-200-{each.version}") for each in READ])
def test_a_generated_function_reads_any_response_that_keeps_the_contract(
    consumer: Consumers, operation: Operation
) -> None:
    clients = consumer(operation.version)
    said = operation.answers[200]
    assert said is not None

    @few(EXAMPLES)
    @given(value=made(operation.schemas.resolved(said[1]), operation.schemas))
    def read(value: Any) -> None:
        reads(clients, operation, 200, Sample("generated", value))

    read()


def test_only_listed_values_stay_json_although_they_have_a_type(consumer: Consumers) -> None:
    used.clear()
    for version in VERSIONS:
        for operation in operations(version).values():
            for status in operation.answers:
                for sample in samples(operation, status) if status < 400 else ():
                    if sample.what == EVERYTHING or sample.what.endswith("with more"):
                        reads(consumer(version), operation, status, sample)
    assert used == PLAIN.keys()


@pytest.mark.parametrize(("operation", "status"), documented(successes=False))
def test_a_generated_function_raises_the_error_of_a_documented_status(
    consumer: Consumers, operation: Operation, status: int
) -> None:
    clients = consumer(operation.version)
    for sample in samples(operation, status):
        refuses(clients, operation, status, sample)


def refuses(clients: Consumer, operation: Operation, status: int, sample: Sample) -> None:
    value = sample.value
    clients.service.answers[operation.id] = lambda _: answer(operation, status, value)
    for face in clients.faces_for(sample):
        with pytest.raises(errors.ApiError) as caught:
            face.detailed(operation.module, **least_arguments(operation))
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
def test_with_the_generated_client_an_error_is_read_as_the_model_of_errors(
    consumer: Consumers, operation: Operation, status: int
) -> None:
    service = consumer(operation.version).service
    with Client(base_url=BASE_URL, httpx_args={"transport": httpx.MockTransport(service)}) as client:
        for sample in samples(operation, status):
            service.answers[operation.id] = always(answer(operation, status, sample.value))
            read = operation.module.sync_detailed(client=client, **least_arguments(operation))
            assert (read.status_code, type(read.parsed)) == (status, ErrorContainer), sample.what
            assert read.parsed.to_dict() == sample.value, sample.what


@pytest.mark.parametrize("version", VERSIONS)
def test_every_documented_response_passes_the_response_check(version: str) -> None:
    checker = Checker(base_url=BASE_URL, api_version=version)
    for operation in operations(version).values():
        for status in operation.answers:
            for sample in samples(operation, status):
                response = answer(operation, status, sample.value)
                url = f"{BASE_URL}{operation.path.format(id='x')}"
                response.request = httpx.Request(operation.method, url, headers={"IBM-API-Version": version})
                assert not sample.documented or checker.violation(response) is None, (operation.id, sample.what)


def used_at(successes: bool, versions: Sequence[str] = VERSIONS) -> list[Any]:
    """Each convenience with each status of its operation, in each version that has it."""
    return [
        pytest.param(use, operation, status, id=f"{use.operation}-{status}-{version}-{use.name}")
        for version in versions
        for use in USES
        if (operation := operations(version).get(use.operation)) is not None
        for status in operation.answers
        if (status < 400) == successes
    ]


@pytest.mark.parametrize(("use", "operation", "status"), used_at(successes=True))
def test_a_convenience_returns_the_documented_value_for_each_response(
    consumer: Consumers, use: Use, operation: Operation, status: int
) -> None:
    clients = consumer(operation.version)
    given = least_given(use, operation)
    known = samples(operation, status)
    for sample in known if newest()[operation.id] is operation else known[:1]:
        for face in clients.faces_for(sample):
            stage = staged(clients, face, given, use, answer(operation, status, sample.value))
            try:
                outcome = use.call(stage)
            except use.may_raise:
                continue
            use.comes(stage, operation, sample.value, outcome)


@pytest.mark.parametrize(("use", "operation", "status"), used_at(successes=False, versions=VERSIONS[-1:]))
def test_a_convenience_raises_the_error_of_a_documented_status(
    consumer: Consumers, use: Use, operation: Operation, status: int
) -> None:
    clients = consumer(operation.version)
    given = least_given(use, operation)
    for sample in samples(operation, status):
        for face in clients.faces_for(sample):
            stage = staged(clients, face, given, use, answer(operation, status, sample.value))
            if status in use.bears:
                bears(use, stage, use.bears[status])
                continue
            with pytest.raises(errors.ApiError) as caught:
                use.call(stage)
            check_error(caught.value, operation, status, sample.value)


def bears(use: Use, stage: Stage, in_the_end: type[errors.RuntimeRestError] | None) -> None:
    """Call a convenience that continues after an error, or raises another one."""
    if in_the_end is None:
        use.call(stage)
        return
    with pytest.raises(in_the_end):
        use.call(stage)


def least_given(use: Use, operation: Operation) -> dict[str, Any]:
    """The whole sample of each required value of a convenience."""
    known = {**fields(operation), **use.makes}
    return {name: Samples(operation.schemas).whole(known[name]) for name in use.takes if name in NEEDED}


def staged(clients: Consumer, face: Face, given: dict[str, Any], use: Use, response: httpx.Response) -> Stage:
    clients.service.sent.clear()
    clients.service.answers = {use.operation: always(response)}
    return Stage(clients, face, given)


def always(response: httpx.Response) -> Callable[[object], httpx.Response]:
    """Gives a copy of the response each time."""
    return lambda _: httpx.Response(response.status_code, content=response.content, headers=response.headers)
