"""A client of either kind, driven the same way."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from qiskit_runtime_rest import AsyncRuntimeClient

__all__ = ["Face"]


class Face:
    """A client, and the loop in which one that has to be awaited runs."""

    def __init__(self, client: Any, runner: asyncio.Runner) -> None:
        self.client = client
        self.is_async = isinstance(client, AsyncRuntimeClient)
        self._runner = runner

    def do(self, act: Callable[[Any], Any]) -> Any:
        """Call, and await what has to be awaited; a list of what is iterated over."""
        if not self.is_async:
            outcome = act(self.client)
            return list(outcome) if inspect.isgenerator(outcome) else outcome

        async def awaited() -> Any:
            outcome = act(self.client)
            if hasattr(outcome, "__aiter__"):
                return [item async for item in outcome]
            return await outcome if inspect.isawaitable(outcome) else outcome

        return self._runner.run(awaited())

    def generated(self, module: Any, **arguments: Any) -> Any:
        """Call a generated function."""
        function = module.asyncio if self.is_async else module.sync
        return self.do(lambda client: function(client=client.api, **arguments))

    def detailed(self, module: Any, **arguments: Any) -> Any:
        """Call a generated function that tells the status, too."""
        function = module.asyncio_detailed if self.is_async else module.sync_detailed
        return self.do(lambda client: function(client=client.api, **arguments))

    def close(self) -> None:
        """Close the client."""
        self.do(lambda client: client.aclose() if self.is_async else client.close())
