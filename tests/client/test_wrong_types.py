"""Everything public, called with values of wrong types: the errors are those of this package, and name the argument."""

from __future__ import annotations

import inspect
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import (
    ConfigurationError,
    InvalidInput,
    PollInterval,
    RetryPolicy,
    RuntimeClient,
    Settings,
    SubmissionPolicy,
)
from qiskit_runtime_rest.client.logic.options import ClientOptions
from qiskit_runtime_rest.config.options import SettingsOptions
from qiskit_runtime_rest.errors import RuntimeRestError

from ..fixtures.clocks import FakeClock
from ..fixtures.loopback import CRN
from ..fixtures.service import ONES
from ..fixtures.wrong_values import NAN, WRONG, odd_values

NEEDED: dict[str, Any] = {
    "job_id": "j", "session_id": "s", "tag": "abc", "name": "b", "backend": "b", "program_id": "sampler", "params": {},
    "pubs": [ONES], "requests": [], "jobs": [], "tags": ["a"], "search": "abc", "path": "/nonexistent", "items": [],
}  # fmt: skip
OF_SUBMISSIONS = ("backend", "tags", "session_id", "private", "max_execution_time", "log_level", "calibration_id")


@pytest.fixture
def sent() -> list[httpx.Request]:
    return []


@pytest.fixture
def client(sent: list[httpx.Request], tmp_path: Path) -> Iterator[RuntimeClient]:
    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(404, json={"errors": [{"code": 1, "message": "There is no such thing."}]})

    made = RuntimeClient(
        token="t",
        instance=CRN,
        base_url="http://127.0.0.1:9",
        transport=httpx.MockTransport(answer),
        clock=FakeClock(),
        state_path=tmp_path / "state.sqlite",
        journal=True,
    )
    with made:
        yield made


def things(client: RuntimeClient) -> list[Any]:
    session = client.sessions._handle({"id": "s"}, "s")
    return [client, client.jobs, client.backends, client.sessions, client.instances, client.jobs.handle("j"), session]


def methods(thing: Any) -> Iterator[tuple[Any, list[str]]]:
    """Each public method, with the names of its arguments."""
    for name in dir(type(thing)):
        found = inspect.getattr_static(type(thing), name)
        if not name.startswith("_") and isinstance(found, FunctionType | staticmethod):
            method = getattr(thing, name)
            parameters = inspect.signature(method).parameters.values()
            names = [each.name for each in parameters if each.kind is not each.VAR_KEYWORD]
            yield method, [*names, *(OF_SUBMISSIONS if len(names) < len(parameters) else ())]


def call(method: Any, names: list[str], name: str, value: Any) -> None:
    """Call with `value` for `name`, and arguments that fit for what else is needed."""
    parameters = inspect.signature(method).parameters
    needed = [each for each in names if each not in parameters or parameters[each].default is inspect.Parameter.empty]
    outcome = method(**{**{each: NEEDED[each] for each in needed if each in NEEDED}, name: value})
    if inspect.isgenerator(outcome):
        list(outcome)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", range(7))
def test_no_exception_of_another_package_comes_through(client: RuntimeClient, kind: int) -> None:
    foreign = []
    for method, names in methods(things(client)[kind]):
        for name in names:
            for value in WRONG:
                try:
                    call(method, names, name, value)
                except RuntimeRestError:
                    pass
                except Exception as error:
                    foreign.append(f"{method.__qualname__}({name}={value!r:.30}): {error!r}")
    assert foreign == []


@pytest.mark.parametrize(
    ("act", "named"),
    [
        (lambda client: client.jobs.get(3), "job_id=3: expected a text"),
        (lambda client: list(client.jobs.list(pending="yes")), "pending='yes': expected True or False or None"),
        (lambda client: client.backends.least_busy(min_num_qubits="x"), "min_num_qubits='x': must be a positive"),
        (lambda client: list(client.jobs.list(page_size=True)), "page_size=True: must be between 1 and 200"),
        (lambda client: list(client.jobs.list(program=3)), "program=3: expected a text or None"),
        (lambda client: client.jobs.handle("x").wait(stop=3), "stop=3: expected a threading.Event or None"),
        (lambda client: client.jobs.handle("x").wait(on_status=3), "on_status=3: expected a function or None"),
        (lambda client: client.jobs.handle("x").refresh(params="x"), "params='x': expected True or False"),
        (lambda client: client.jobs.wait_all([], executor=3), "executor=3: expected an executor"),
        (lambda client: client.jobs.submit_all([], resume=3), "resume=3: expected a text or None"),
        (lambda client: client.load_result(3), "path=3: expected the path"),
    ],
)
def test_an_argument_is_refused_by_name_before_anything_is_sent(
    client: RuntimeClient, sent: list[httpx.Request], act: Any, named: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        act(client)
    assert str(refused.value).startswith(named)
    assert sent == []


@pytest.mark.parametrize("policy", [RetryPolicy, SubmissionPolicy, PollInterval])
@pytest.mark.parametrize("value", [NAN, "30", -1, -0.5, None, [], 1j])
def test_every_value_of_a_policy_is_checked(policy: Any, value: Any) -> None:
    for name in vars(policy()):
        with pytest.raises(InvalidInput, match=f"{name}=.*(expected|must be)"):
            policy(**{name: value})


def test_values_that_cannot_be_shown_or_compared_are_refused_as_others_are() -> None:
    for policy in (RetryPolicy(), SubmissionPolicy(), PollInterval()):
        for name, value in itertools.product(vars(policy), odd_values()[:4]):
            with pytest.raises(InvalidInput, match=f"{name}=.*(expected|must be)"):
                type(policy)(**{name: value})


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: SubmissionPolicy(first=0),
        lambda: SubmissionPolicy(longest=0),
        lambda: SubmissionPolicy(most_times=0),
        lambda: PollInterval(shortest=0),
        lambda: PollInterval(jitter=2),
        lambda: RetryPolicy(attempts=0),
        lambda: RetryPolicy(first=0),
    ],
)
def test_a_policy_without_pauses_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInput, match="expected a"):
        wrong()


@pytest.mark.parametrize("attempt", [1, 2000])
def test_delays_stay_within_their_bound(attempt: int) -> None:
    policy = RetryPolicy(attempts=10_000, seconds=1e9, random=lambda: 1.0)
    assert policy.delay(attempt, elapsed=0.0, retry_after=None) == (0.5 if attempt == 1 else 20.0)


def test_settings_raise_errors_of_their_own() -> None:
    foreign = []
    for name in SettingsOptions.__annotations__:
        for value in WRONG:
            try:
                Settings(**{"environ": {}, "token": "t", "instance": CRN, name: value})
            except RuntimeRestError:
                pass
            except Exception as error:
                foreign.append(f"{name}={value!r:.30}: {error!r}")
    assert foreign == []


def test_clients_raise_errors_of_their_own(tmp_path: Path) -> None:
    """Those that can be made can be used, or say why not."""
    foreign = []
    fits = {"token": "t", "instance": CRN, "base_url": "http://127.0.0.1:9", "retries": RetryPolicy(attempts=1)}
    for name in set(ClientOptions.__annotations__) - set(SettingsOptions.__annotations__):
        for value in WRONG:
            options: dict[str, Any] = {**fits, "state_path": tmp_path / "state.sqlite", "verify": False, name: value}
            try:
                with RuntimeClient(**options) as client:
                    client.usage(timeout=1)
            except RuntimeRestError:
                pass
            except Exception as error:
                foreign.append(f"{name}={value!r:.30}: {error!r}")
    assert foreign == []


def test_an_option_of_a_wrong_type_is_refused_by_name() -> None:
    for name in ("retries", "poll_interval", "submission", "clock", "job_class", "auth", "limits", "event_hooks"):
        with pytest.raises(ConfigurationError, match=f"{name}=3: expected a"):
            RuntimeClient(token="t", instance=CRN, **{name: 3})  # type: ignore[arg-type]  # on purpose


def test_an_event_ends_a_wait(client: RuntimeClient) -> None:
    """What has the methods of the expected type fits."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(RuntimeRestError):
        client.jobs.handle("x").wait(stop=stop)
