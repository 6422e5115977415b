"""The emulated service inside a Python process: for tests, notebooks and examples."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from attrs import frozen

from ..base.serving import ThreadedServer, listen
from .app import Parts, create_app
from .faults.models import FaultRule
from .options import Options
from .pace import Pace
from .recorder import RecordedRequest
from .server import Address, service_server

__all__ = ["Emulator"]

T = TypeVar("T")


class Emulator:
    """A server on 127.0.0.1, in a thread of this process, from `start` (or `with`) to `close`.

    Everything asked of it here is done by the server's own thread; nothing blocks for longer than that takes.
    It can be used from async code as well, also as `async with`.
    """

    def __init__(self, **choices: Any) -> None:
        """Choose: `pace`, `seed`, `workers`, `submissions_per_minute`, ... (`emulator.options.Options`)."""
        self.options = Options(**choices)
        self.clock = EmulatorClock(self)
        self.faults = EmulatorFaults(self)
        self._parts: Parts | None = None
        self._server: ThreadedServer | None = None
        self._address: Address | None = None

    def start(self) -> Self:
        """Listen on a free port; returns when requests are answered."""
        if self._server is not None:
            raise RuntimeError("This emulator runs already.")
        listener = listen("127.0.0.1", 0)
        try:
            app = create_app(self.options)
        except BaseException:
            listener.close()
            raise
        self._address = Address.of(listener)
        self._parts = app.state.parts
        make_server = functools.partial(service_server, app)
        self._server = ThreadedServer(listener, make_server, name="qiskit-runtime-emulator")
        return self

    def close(self) -> None:
        """Stop the server and its workers. Can be called again."""
        if self._server is not None:
            self._server.close()
        self._server = self._parts = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    async def __aenter__(self) -> Self:
        """Start, without blocking the caller's event loop."""
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, without blocking the caller's event loop."""
        await asyncio.to_thread(self.close)

    @property
    def address(self) -> Address:
        """Where it listens, and what to log in with."""
        if self._address is None:
            raise RuntimeError("Start the emulator first, or use it in a 'with' statement.")
        return self._address

    @property
    def url(self) -> str:
        """The server's root."""
        return self.address.url

    @property
    def base_url(self) -> str:
        """What comes before `/v1`."""
        return self.address.base_url

    @property
    def iam_url(self) -> str:
        """What comes before `/identity/token`."""
        return self.address.iam_url

    @property
    def api_key(self) -> str:
        """The well-known key, which is no secret."""
        return self.address.api_key

    @property
    def instance(self) -> str:
        """The CRN of the default instance, which may use all devices."""
        return self.address.instance

    @property
    def instances(self) -> Mapping[str, str]:
        """The CRNs of all instances, by name."""
        return self._do(lambda parts: {one.name: one.crn for one in parts.service.instances})

    @property
    def pace(self) -> Pace:
        """How fast jobs go; may be set, also in the text forms of `emulator.pace`."""
        return self._do(lambda parts: parts.service.execution.pace)

    @pace.setter
    def pace(self, value: Pace | str | Mapping[str, str]) -> None:
        pace = Pace.parse(value)

        def change(parts: Parts) -> None:
            parts.service.execution.pace = pace
            parts.service.execution.settle()

        self._do(change)

    @property
    def seed(self) -> int | None:
        """What ids and simulations follow from; may be set."""
        return self._do(lambda parts: parts.service.identifiers.seed)

    @seed.setter
    def seed(self, value: int | None) -> None:
        self._do(lambda parts: parts.service.identifiers.reseed(value))

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests that arrived, oldest first, with keys and tokens blanked."""
        return self._do(lambda parts: parts.recorder.all())

    def clear_requests(self) -> None:
        """Forget the requests."""
        self._do(lambda parts: parts.recorder.clear())

    def reset(self) -> None:
        """Everything as at the start: no jobs, sessions, faults or recorded requests."""
        self._do(lambda parts: parts.reset())

    def _do(self, action: Callable[[Parts], T]) -> T:
        async def act(parts: Parts) -> T:
            return action(parts)

        return self._await(act)

    def _await(self, action: Callable[[Parts], Coroutine[Any, Any, T]]) -> T:
        if self._server is None or self._server.loop is None or self._parts is None:
            raise RuntimeError("Start the emulator first, or use it in a 'with' statement.")
        return asyncio.run_coroutine_threadsafe(action(self._parts), self._server.loop).result()


@frozen
class EmulatorClock:
    """The service's clock."""

    emulator: Emulator

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.emulator._do(lambda parts: parts.service.clock.now())

    def advance(self, seconds: float) -> float:
        """Let seconds pass; jobs that end by then have ended when this returns. Gives the new time."""

        async def act(parts: Parts) -> float:
            parts.service.clock.advance(seconds)
            await parts.service.execution.settled()
            return parts.service.clock.now()

        return self.emulator._await(act)


@frozen
class EmulatorFaults:
    """The fault rules in force."""

    emulator: Emulator

    def add(self, operation: str = "*", *, kind: str = "answer", **fields: Any) -> FaultRule:
        """Spoil answers: see `emulator.faults.models.FaultRule` for the fields and `KINDS` for the kinds."""
        rule = FaultRule.parse({"operation": operation, "kind": kind, **fields})
        return self.emulator._do(lambda parts: parts.faults.add(rule))

    def list(self) -> list[FaultRule]:
        """The rules, with how often each fired."""
        return self.emulator._do(lambda parts: parts.faults.all())

    def clear(self) -> None:
        """Take all rules back."""
        self.emulator._do(lambda parts: parts.faults.clear())
