"""Fixtures: clients of the embedded service, which share its clock."""

from ..fixtures.contract_clients import connect, consumer, emulator, home, options, running
