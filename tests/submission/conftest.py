"""Fixtures: clients of the embedded service, whose time is the service's."""

from ..fixtures.emulated_clients import (
    awaited,
    blocking,
    certificates,
    client,
    clock,
    connect,
    emulator,
    no_account,
    options,
    running,
)
from .submissions import idle
