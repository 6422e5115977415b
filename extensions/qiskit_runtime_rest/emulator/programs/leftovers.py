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

from .noise import relaxation_times
from .simulation import Simulator

__all__ = ["not_initialised"]

_ROUNDS: Final = 6
_SHOTS: Final = 4000
_REGISTER: Final = "left over"


def not_initialised(
    circuit: QuantumCircuit, bindings: BindingsArray, *, simulator: Simulator, rep_delay: float, seeds: SeedSequence
) -> QuantumCircuit:
    """The circuit with its qubits in the state that they have without initialisation; `rep_delay` in seconds."""
    probe = circuit.copy()
    left = ClassicalRegister(len(simulator.qubits), _REGISTER)
    probe.add_register(left)
    probe.barrier()
    probe.measure(simulator.qubits, left)
    kept = {qubit: exp(-rep_delay / relaxation_times(simulator.device, qubit)[0]) for qubit in simulator.qubits}
    shots = max(1, _SHOTS // bindings.size)
    ones = dict.fromkeys(simulator.qubits, 0.0)
    total = dict.fromkeys(simulator.qubits, 0.0)
    for number, seed in enumerate(seeds.generate_state(_ROUNDS).tolist(), start=1):
        bits = simulator.prepare(_started(probe, ones), bindings, shots=shots).run(seed=seed)[_REGISTER]
        flags = bits.to_bool_array(order="little").reshape(-1, len(simulator.qubits))
        for place, qubit in enumerate(simulator.qubits):
            total[qubit] += float(flags[:, place].mean())
            # The mean over rounds: without decay, outcomes alternate, and never settle.
            ones[qubit] = kept[qubit] * total[qubit] / number
    return _started(circuit, ones)


def _started(circuit: QuantumCircuit, ones: Mapping[int, float]) -> QuantumCircuit:
    """The circuit on qubits that are 1 with a probability each."""
    result = circuit.copy_empty_like()
    for qubit, chance in ones.items():
        if chance > 0:
            result.append(pauli_error([("X", chance), ("I", 1 - chance)]).to_instruction(), [qubit])
    result.compose(circuit, inplace=True)
    return result
