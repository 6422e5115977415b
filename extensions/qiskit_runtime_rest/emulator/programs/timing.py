"""How long a job would take on a device, estimated from its calibration data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from attrs import frozen
from qiskit import QuantumCircuit

from ..devices import Device
from . import isa
from .noise import duration
from .outcome import Metrics

# The default delay between executions, for old snapshots without one.
_REP_DELAY = 250e-6
# What the live service takes between two executions besides, fitted to its `circuits_execution_time_ns`.
_BETWEEN_EXECUTIONS = 10e-6


@frozen(kw_only=True)
class Executions:
    """A circuit executed a number of times: shots times parameter sets."""

    circuit: QuantumCircuit
    count: int


def metrics(executed: Iterable[Executions], *, device: Device, rep_delay: float | None) -> Metrics:
    """The usage of some executions; `rep_delay` in seconds, or None for the device's default."""
    rep_delay = repetition_delay(device, rep_delay)
    total, seconds = 0, 0.0
    for executions in executed:
        length = circuit_duration(executions.circuit, device=device)
        total += executions.count
        seconds += executions.count * (rep_delay + length + _BETWEEN_EXECUTIONS)
    return Metrics(
        executions=total,
        quantum_seconds=round(seconds, 6),
        circuits_execution_time_ns=round(seconds * 1e9),
    )


def repetition_delay(device: Device, given: float | None) -> float:
    """The delay between executions in seconds: the given one, or the device's default."""
    if given is not None:
        return given
    return float(device.configuration.get("default_rep_delay", _REP_DELAY * 1e6)) * 1e-6


def left_after(device: Device, *, init_qubits: bool, rep_delay: float | None) -> float | None:
    """Seconds from the end of a shot to the start of the next one, which finds what it left; None: initialised."""
    return None if init_qubits else repetition_delay(device, rep_delay)


def circuit_duration(circuit: QuantumCircuit, *, device: Device) -> float:
    """The longest chain of instructions, in seconds, each started as soon as its qubits are free.

    Instructions in the bodies of control flow count once. Delays are left out.
    """
    free: dict[int, float] = defaultdict(float)
    for placed in isa.instructions(circuit):
        if placed.qubits:
            end = max(free[qubit] for qubit in placed.qubits) + duration(device, placed)
            free.update(dict.fromkeys(placed.qubits, end))
    return max(free.values(), default=0.0)
