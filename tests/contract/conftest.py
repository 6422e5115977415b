"""Fixtures: clients of the embedded service, and clients of a service that consists of its contract only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from ..fixtures.emulated_clients import certificates, clock, options, unconfigured
from ..fixtures.emulated_clients import connect_face as connect
from .consumer.service import Consumer


@pytest.fixture(scope="session")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Consumer]]:
    """Gives the clients of an API version, and a service that is nothing but its contract."""
    made: dict[str, Consumer] = {}
    with asyncio.Runner() as runner:

        def of(version: str) -> Consumer:
            if version not in made:
                made[version] = Consumer(version, runner, tmp_path_factory.mktemp("consumer"))
            made[version].service.answers.clear()
            return made[version]

        yield of
        for each in made.values():
            each.close()
