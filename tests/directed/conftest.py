"""Fixtures: clients of the embedded service."""

from ..fixtures.emulated_clients import (
    awaited,
    blocking,
    certificates,
    client,
    clock,
    connect,
    options,
    unconfigured,
)
