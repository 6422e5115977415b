"""Devices: the calibrations of real ones, in the form of the contract.

No module here imports qiskit or qiskit-ibm-runtime, whose data files it reads, so that the server stays small.
"""

from __future__ import annotations

from .choice import PRESENT, chosen
from .device import Device, get, load
from .snapshots import Snapshot, names

__all__ = ["PRESENT", "Device", "Snapshot", "chosen", "get", "load", "names"]
