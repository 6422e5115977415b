"""The emulated service inside a Python process, for tests, notebooks and examples."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from attrs import frozen

from ..base.serving import ThreadedServer, listen
from .app import Parts, create_app
from .faults import FaultRule
from .options import Options
from .recorder import RecordedRequest
from .server import Address, service_server
from .state.progress import Progress

__all__ = ["Emulator"]

T = TypeVar("T")


class Emulator:
    """A server on 127.0.0.1 in a thread of this process, from `start` (or `with`) to `close`.

    The server's thread does the work of all methods, so they also work from async code, as does `async with`.
    """

    def __init__(self, **choices: Any) -> None:
        """Options: `pace`, `seed`, `workers`, `submissions_per_minute`, ... (`emulator.options.Options`)."""
        self.options = Options(**choices)
        self.clock = EmulatorClock(self)
        self.faults = EmulatorFaults(self)
        self.devices = EmulatorDevices(self)
        self._parts: Parts | None = None
        self._server: ThreadedServer | None = None
        self._address: Address | None = None

    def start(self) -> Self:
        """Listen on a free port; returns when the server is ready."""
        if self._server is not None:
            raise RuntimeError("This emulator is already running.")
        listener = listen("127.0.0.1", 0)
        try:
            app = create_app(self.options)
        except BaseException:
            listener.close()
            raise
        self._address = Address.of(listener)
        self._parts = app.state.parts
        make_server = functools.partial(service_server, app)
        try:
            self._server = ThreadedServer(listener, make_server, name="qiskit-runtime-emulator")
        except BaseException:
            app.state.parts.service.close()
            raise
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
        """Start without blocking the caller's event loop."""
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close without blocking the caller's event loop."""
        await asyncio.to_thread(self.close)

    @property
    def address(self) -> Address:
        """The URLs and credentials for clients."""
        if self._address is None:
            raise RuntimeError("Start the emulator first, or use it in a 'with' statement.")
        return self._address

    @property
    def url(self) -> str:
        """The server's root."""
        return self.address.url

    @property
    def base_url(self) -> str:
        """The URL before `/v1`."""
        return self.address.base_url

    @property
    def iam_url(self) -> str:
        """The URL before `/identity/token`."""
        return self.address.iam_url

    @property
    def api_key(self) -> str:
        """The well-known API key, which is not a secret."""
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
    def pace(self) -> Progress:
        """How fast jobs move on. It can be set, also in the text forms of `emulator.state.progress`."""
        return self._do(lambda parts: parts.service.execution.progress)

    @pace.setter
    def pace(self, value: Progress | str | Mapping[str, str]) -> None:
        progress = Progress.parse(value)

        def change(parts: Parts) -> None:
            parts.service.execution.progress = progress
            parts.service.execution.settle()

        self._do(change)

    @property
    def seed(self) -> int | None:
        """The seed of ids and simulations. It can be set."""
        return self._do(lambda parts: parts.service.identifiers.seed)

    @seed.setter
    def seed(self, value: int | None) -> None:
        self._do(lambda parts: parts.service.identifiers.reseed(value))

    @property
    def requests(self) -> list[RecordedRequest]:
        """The recorded requests, oldest first, with keys and tokens blanked."""
        return self._do(lambda parts: parts.recorder.all())

    def clear_requests(self) -> None:
        """Forget the recorded requests."""
        self._do(lambda parts: parts.recorder.clear())

    def reset(self) -> None:
        """Go back to the start: no jobs, sessions, faults or recorded requests."""
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
        """Let seconds pass and return the new time; jobs that end by then have ended when it returns."""

        async def act(parts: Parts) -> float:
            parts.service.clock.advance(seconds)
            await parts.service.execution.settled()
            return parts.service.clock.now()

        return self.emulator._await(act)


@frozen
class EmulatorDevices:
    """The devices, and how they are."""

    emulator: Emulator

    def list(self) -> list[dict[str, Any]]:
        """Name, status, reason and queue length (of others' jobs) of each device."""
        return self.emulator._do(lambda parts: parts.service.fleet.as_json())

    def set(self, name: str, **changes: Any) -> None:
        """Change a device: `status` (online, paused, offline), `reason`, `queue_length` (of others' jobs).

        Raises `ValueError` for another name, field or value.
        """

        def change(parts: Parts) -> None:
            parts.service.fleet.set(name, changes)
            parts.service.execution.settle()

        self.emulator._do(change)


@frozen
class EmulatorFaults:
    """The active fault rules."""

    emulator: Emulator

    def add(self, operation: str = "*", *, kind: str = "answer", **fields: Any) -> FaultRule:
        """Spoil responses: see `emulator.faults.FaultRule` for the fields and `KINDS` for the kinds."""
        rule = FaultRule.parse({"operation": operation, "kind": kind, **fields})
        return self.emulator._do(lambda parts: parts.faults.add(rule))

    def list(self) -> list[FaultRule]:
        """The rules, with how often each fired."""
        return self.emulator._do(lambda parts: parts.faults.all())

    def clear(self) -> None:
        """Remove all rules."""
        self.emulator._do(lambda parts: parts.faults.clear())
