"""Fixtures: clients of the embedded service."""

from ..fixtures.emulated_clients import certificates, clock, options, unconfigured
from ..fixtures.emulated_clients import connect_face as connect
