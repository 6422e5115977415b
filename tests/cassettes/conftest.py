"""Fixtures: clients of the embedded service, whose time is the service"s."""

from ..fixtures.contract_clients import connect, consumer, emulator, home, options, running
