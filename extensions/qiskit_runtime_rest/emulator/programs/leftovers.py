"""Qubits that are not initialised: a shot starts in what the shot before it left, after the repetition delay.

An imitation: each qubit starts in 1 with the probability that it has, on average over all executions of the item, when
the next shot starts. Which shot follows which does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Final

from numpy.random import SeedSequence
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit_aer.noise import pauli_error

from . import effort
from .noise import relaxation_times
from .policy import Policy
from .simulation import Simulator

__all__ = ["started"]

_ROUNDS: Final = 6
_SHOTS: Final = 4000
_REGISTER: Final = "left over"


def started(
    circuit: QuantumCircuit,
    bindings: BindingsArray,
    *,
    simulator: Simulator,
    left_after: float | None,
    seeds: SeedSequence,
    policy: Policy,
) -> QuantumCircuit:
    """The circuit with its qubits in the state in which a shot finds them; `left_after` as of `timing.left_after`.

    Raises:
        JobFailedError, HeavyJobError: as `effort.check` raises them.
    """
    if left_after is None or simulator.device.mock or not simulator.qubits:
        return circuit
    probe = circuit.copy()
    left = ClassicalRegister(len(simulator.qubits), _REGISTER)
    probe.add_register(left)
    probe.barrier()
    probe.measure(simulator.qubits, left)
    kept = {qubit: exp(-left_after / relaxation_times(simulator.device, qubit)[0]) for qubit in simulator.qubits}
    shots = max(1, _SHOTS // bindings.size)
    ones = dict.fromkeys(simulator.qubits, 0.0)
    total = dict.fromkeys(simulator.qubits, 0.0)
    for number, seed in enumerate(seeds.spawn(1)[0].generate_state(_ROUNDS).tolist(), start=1):
        prepared = simulator.prepare(_flipped(probe, ones), bindings, shots=shots)
        effort.check(prepared.efforts, policy=policy)
        bits = prepared.run(seed=seed)[_REGISTER]
        flags = bits.to_bool_array(order="little").reshape(-1, len(simulator.qubits))
        for place, qubit in enumerate(simulator.qubits):
            total[qubit] += float(flags[:, place].mean())
            # The mean over rounds: without decay, outcomes alternate, and never settle.
            ones[qubit] = kept[qubit] * total[qubit] / number
    return _flipped(circuit, ones)


def _flipped(circuit: QuantumCircuit, ones: Mapping[int, float]) -> QuantumCircuit:
    """The circuit on qubits that are 1 with a probability each."""
    result = circuit.copy_empty_like()
    for qubit, chance in ones.items():
        if chance > 0:
            result.append(pauli_error([("X", chance), ("I", 1 - chance)]).to_instruction(), [qubit])
    result.compose(circuit, inplace=True)
    return result
