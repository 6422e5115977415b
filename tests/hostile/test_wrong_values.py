"""Every public function, constructor, setting and variable, with every wrong value.

The errors are those of this package, and nothing is sent for a value that is not what the annotation says. The short
list of values goes through blocking methods in each run of the tests (tests/client/test_wrong_types.py).
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import httpx
import pytest

import qiskit_runtime_rest
from qiskit_runtime_rest import AsyncRuntimeClient, JobRequest, RetryPolicy, RuntimeClient, Settings
from qiskit_runtime_rest.client.logic.options import ClientOptions
from qiskit_runtime_rest.config.options import SettingsOptions
from qiskit_runtime_rest.config.settings import ENVIRONMENT
from qiskit_runtime_rest.errors import RuntimeRestError

from ..fixtures.clocks import FakeClock
from ..fixtures.loopback import CRN
from ..fixtures.service import ONES
from ..fixtures.wrong_values import FITS, WRONG, named, odd_values

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("home")]

CLIENTS = {"sync": RuntimeClient, "async": AsyncRuntimeClient}
THINGS = ("client", "jobs", "backends", "sessions", "instances", "job", "session")
NEEDED: dict[str, Any] = {
    "job_id": "j", "session_id": "s", "tag": "abc", "name": "b", "backend": "b", "program_id": "sampler", "params": {},
    "requests": [], "jobs": [], "tags": ["a"], "search": "abc", "path": "/nonexistent", "items": [ONES],
}  # fmt: skip
OF_SUBMISSIONS = ("backend", "tags", "session_id", "private", "max_execution_time", "log_level", "calibration_id")
OF_THE_LIBRARY = {"Job", "Session", "Backend", "Listing", "Recovered", "Result", "StatusUpdate", "Submitted"}
"""Classes whose objects are made by the client, not by its user."""

TEXTS = ("", "x", "-1", "0", "nan", "inf", "1e400", "30x", "\n", "../x", "{}", "[", "é", "0" * 5000)


class Sent(list[httpx.Request]):
    """The requests that were sent; each is answered by 404."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.append(request)
        return httpx.Response(404, json={"errors": [{"code": 1, "message": "There is no such thing."}]})

    async def later(self, request: httpx.Request) -> httpx.Response:
        return self(request)


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    return {
        "token": "t",
        "instance": CRN,
        "base_url": "http://127.0.0.1:9",
        "state_path": tmp_path / "state.sqlite",
        "clock": FakeClock(),
    }


class Attack:
    """Calls with each value, and notes what else than an error of this package came of it."""

    def __init__(self) -> None:
        self.sent = Sent()
        self.calls = 0
        self.foreign: list[str] = []
        self.sent_for: list[str] = []

    def __call__(self, what: str, act: Callable[[Any], Any], fits: Callable[[Any], bool] | None = None) -> None:
        for value in [*WRONG, *odd_values()]:
            self.calls += 1
            self.sent.clear()
            try:
                finished(act(value))
            except RuntimeRestError:
                pass
            except Exception as error:
                self.foreign.append(f"{what} {named(value)}: {type(error).__name__}: {error!s:.80}")
            if fits is not None and self.sent and not fits(value):
                self.sent_for.append(f"{what} {named(value)}: {self.sent[0].method} {self.sent[0].url!s:.80}")

    def check(self) -> None:
        assert (self.foreign, self.sent_for) == ([], [])
        assert self.calls


def finished(outcome: Any) -> Any:
    """What came of a call: of all items, or awaited."""

    async def awaited() -> Any:
        if hasattr(outcome, "__aiter__"):
            return [item async for item in outcome]
        if hasattr(outcome, "__aenter__"):
            async with outcome as entered:
                return entered
        return await outcome

    if inspect.isgenerator(outcome):
        return list(outcome)
    is_async = inspect.isawaitable(outcome) or hasattr(outcome, "__aiter__")
    return asyncio.run(awaited()) if is_async else outcome


def fits(annotation: Any) -> Callable[[Any], bool] | None:
    """What an argument may be; None: anything might be right, such as any JSON."""
    kind = str(annotation)
    found = FITS.get(kind.removesuffix(" | None"))
    if found is None or not kind.endswith(" | None"):
        return found
    return lambda value: value is None or found(value) or (hasattr(value, "tolist") and value.tolist() is None)


def arguments(function: Any) -> Iterator[tuple[str, Any]]:
    """The names and annotations of its arguments, those of a submission among them if it takes such."""
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.VAR_KEYWORD:
            yield from ((name, None) for name in OF_SUBMISSIONS)
        elif each.kind is not each.VAR_POSITIONAL:
            yield each.name, each.annotation


def call(function: Any, name: str, value: Any) -> Any:
    """Call with `value` for `name`, and arguments that fit for what else is needed."""
    pubs = [(ONES, "ZZ")] if function.__name__ == "estimator" else [ONES]
    parameters = inspect.signature(function).parameters.values()
    needed = [each.name for each in parameters if each.default is each.empty]
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        needed.append("backend")
    fitting = {each: {**NEEDED, "pubs": pubs}[each] for each in needed if each in {*NEEDED, "pubs"}}
    return function(**{**fitting, name: value})


@pytest.mark.parametrize(("face", "thing"), [*itertools.product(CLIENTS, THINGS)])
def test_methods(options: dict[str, Any], face: str, thing: str) -> None:
    attack = Attack()
    transport = httpx.MockTransport(attack.sent if face == "sync" else attack.sent.later)
    client: Any = CLIENTS[face](**options, transport=transport, journal=True)
    made = {"client": client, "job": client.jobs.handle("j"), "session": client.sessions._handle({"id": "s"}, "s")}
    owner = made.get(thing) or getattr(client, thing)
    for name in dir(type(owner)):
        found = inspect.getattr_static(type(owner), name)
        if not name.startswith("_") and isinstance(found, FunctionType | staticmethod):
            method = getattr(owner, name)
            for argument, annotation in arguments(method):
                attack(
                    f"{method.__qualname__}({argument})",
                    lambda value, method=method, argument=argument: call(method, argument, value),  # type: ignore[misc]
                    fits(annotation),
                )
    attack.check()


def test_constructors() -> None:
    attack = Attack()
    for name in qiskit_runtime_rest.__all__:
        kind = getattr(qiskit_runtime_rest, name)
        if (
            not inspect.isclass(kind)
            or typing.is_typeddict(kind)
            or issubclass(kind, BaseException)
            or name.removeprefix("Async") in {*OF_THE_LIBRARY, "RuntimeClient", "Settings"}
        ):
            continue
        makers = [kind, *(getattr(kind, each) for each in dir(kind) if is_maker(kind, each))]
        for maker, (argument, _) in [(each, one) for each in makers for one in arguments(each)]:
            attack(
                f"{maker.__qualname__}({argument})",
                lambda value, maker=maker, argument=argument: call(maker, argument, value),  # type: ignore[misc]
            )
    attack.check()


def is_maker(kind: type[Any], name: str) -> bool:
    return not name.startswith("_") and isinstance(inspect.getattr_static(kind, name), classmethod | staticmethod)


def test_requests_in_lists() -> None:
    """Those of `submit_all` are built and digested one by one."""
    attack = Attack()
    for name in ("params", "tags", "calibration_id", "private"):
        attack(f"digest of {name}", lambda value, name=name: of_request(name, value).digest())  # type: ignore[misc]
        attack(f"JSON of {name}", lambda value, name=name: of_request(name, value).to_json())  # type: ignore[misc]
    attack.check()


def of_request(name: str, value: Any) -> JobRequest:
    fields: dict[str, Any] = {"program_id": "sampler", "backend": "b", "params": {}}
    return JobRequest(**fields | {name: {"x": value} if name == "params" else value})


def test_settings() -> None:
    attack = Attack()
    for name in SettingsOptions.__annotations__:
        attack(
            f"Settings({name})",
            lambda value, name=name: Settings(  # type: ignore[misc]
                **{"environ": {}, "token": "t", "instance": CRN, name: value}
            ),
        )
    attack.check()


def test_variables() -> None:
    foreign = []
    for name, text in itertools.product([*ENVIRONMENT.values(), "QISKIT_IBM_CHANNEL", "REQUESTS_CA_BUNDLE"], TEXTS):
        try:
            Settings(environ={"QISKIT_IBM_TOKEN": "t", "QISKIT_IBM_INSTANCE": CRN, name: text})
        except RuntimeRestError:
            pass
        except Exception as error:
            foreign.append(f"{name}={text!r:.40}: {error!r}")
    assert foreign == []


@pytest.mark.parametrize("face", CLIENTS)
def test_options_of_clients(options: dict[str, Any], face: str) -> None:
    """A client that can be made can be used, or says why not."""
    attack = Attack()
    transport = httpx.MockTransport(attack.sent if face == "sync" else attack.sent.later)

    def use(name: str, value: Any) -> Any:
        fitting = {**options, "transport": transport, "retries": RetryPolicy(attempts=1), "verify": False}
        client: Any = CLIENTS[face](**fitting | {name: value})
        if face == "sync":
            with client:
                return client.usage(timeout=1)

        async def awaited() -> Any:
            async with client:
                return await client.usage(timeout=1)

        return awaited()

    for name in set(ClientOptions.__annotations__) - set(SettingsOptions.__annotations__):
        attack(f"{CLIENTS[face].__name__}({name})", lambda value, name=name: use(name, value))  # type: ignore[misc]
    attack.check()
