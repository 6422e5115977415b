"""Fixtures: clients of a scripted service on loopback."""

from ..fixtures.loopback_clients import connect, home, other, service
