"""Fixtures: clients of a scripted service on loopback."""

from ..fixtures.loopback_clients import connect, other, service, unconfigured
