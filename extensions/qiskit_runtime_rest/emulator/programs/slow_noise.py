"""Slow noise: the frequency of each qubit differs from shot to shot, and stays as it is during one.

Such noise turns a qubit that waits about Z, the further the longer it waits, and gates that flip it undo the turn. So a
Ramsey experiment decays earlier than an echo, and decoupling lengthens it. Calibrations say nothing of it: its size is
one guess, `FREE_DECAY`. Frequencies are normally distributed. Shots have those in the middle of parts of equal
probability, so that the mean over them is exact and not a matter of chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from attrs import field, frozen
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, Qubit
from qiskit.primitives.containers import BitArray
from qiskit.primitives.containers.bindings_array import BindingsArray

from ..devices import Device
from .noise import SECONDS, relaxation_times

__all__ = ["FREE_DECAY", "SlowNoise", "slow_noise"]

FREE_DECAY: Final = 0.5
"""The time in which slow noise alone takes the phase of a waiting qubit to 1/e, in units of the calibrated T2."""

FREQUENCIES: Final = 32
"""Frequencies that the shots of a circuit have."""

_LEAST_TURN: Final = 0.03
"""Turns that are usually smaller than this, in all of a circuit together, are left out: they change less than 0.1 %."""


@frozen(kw_only=True, eq=False)
class SlowNoise:
    """A circuit that turns waiting qubits by unknown frequencies, and how much these scatter (in 1/s)."""

    circuit: QuantumCircuit = field()
    scatter: Mapping[Parameter, float] = field()

    def split(self, shots: int) -> tuple[int, int]:
        """The number of frequencies for so many shots, and shots with each, together enough."""
        number = min(FREQUENCIES, shots)
        return number, ceil(shots / number)

    def bindings(self, given: BindingsArray, *, shots: int, seed: int) -> BindingsArray:
        """The values of all parameters, with an axis over the frequencies in front."""
        number, _ = self.split(shots)
        generator = np.random.default_rng(seed)
        normal = NormalDist()
        middles = np.array([normal.inv_cdf((place + 0.5) / number) for place in range(number)])
        shape = (number, *given.shape)
        values: dict[Any, Any] = {
            names: np.broadcast_to(array, (number, *array.shape)) for names, array in given.data.items()
        }
        for parameter, scatter in self.scatter.items():
            order = generator.permuted(np.broadcast_to(middles.reshape(-1, *(1,) * given.ndim), shape), axis=0)
            values[parameter.name] = scatter * order
        return BindingsArray(values, shape=shape)

    def gathered(self, bits: BitArray, *, shots: int) -> BitArray:
        """The shots of all frequencies behind each other."""
        array = np.moveaxis(bits.array, 0, -3)
        flat = array.reshape(*array.shape[:-3], -1, array.shape[-1])
        return BitArray(np.ascontiguousarray(flat[..., :shots, :]), bits.num_bits)


def slow_noise(circuit: QuantumCircuit, qubits: Sequence[int], *, device: Device) -> SlowNoise | None:
    """The slow noise of a circuit on those qubits of a device; None if no qubit waits long enough to notice."""
    waits: dict[Qubit, float] = defaultdict(float)
    for instruction in circuit.data:
        if instruction.operation.name == "delay":
            waits[instruction.qubits[0]] += _seconds(instruction.operation)
    turned: dict[Qubit, tuple[Parameter, float]] = {}
    for qubit, seconds in waits.items():
        place = circuit.find_bit(qubit).index
        _, t2 = relaxation_times(device, qubits[place])
        scatter = sqrt(2) / (FREE_DECAY * t2)
        if scatter * seconds > _LEAST_TURN:
            turned[qubit] = Parameter(f"slow frequency {place}"), scatter
    if not turned:
        return None
    result = circuit.copy_empty_like()
    for instruction in circuit.data:
        result.append(instruction)
        if instruction.operation.name == "delay" and (qubit := instruction.qubits[0]) in turned:
            result.rz(turned[qubit][0] * _seconds(instruction.operation), qubit)
    return SlowNoise(circuit=result, scatter=dict(turned.values()))


def _seconds(delay: Any) -> float:
    return float(delay.duration) * SECONDS[delay.unit]
