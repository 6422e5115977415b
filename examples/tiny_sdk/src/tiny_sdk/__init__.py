"""A tiny quantum SDK on top of qiskit-runtime-rest."""

from .circuit import Circuit
from .device import Device, NotSupported, Run

__all__ = ["Circuit", "Device", "NotSupported", "Run"]
