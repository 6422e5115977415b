"""Circuits on many unconnected qubits are simulated in parts, with the same results."""

from __future__ import annotations

from math import pi, sin, sqrt

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives.containers.bindings_array import BindingsArray

from qiskit_runtime_rest.emulator import devices
from qiskit_runtime_rest.emulator.programs.simulation import Simulator

DEVICE = devices.get("ibm_torino")
SHOTS = 2000


def h(circuit: QuantumCircuit, qubit: int) -> None:
    circuit.rz(pi / 2, qubit)
    circuit.sx(qubit)
    circuit.rz(pi / 2, qubit)


def test_every_qubit_of_a_device_is_read_into_its_own_bit() -> None:
    circuit = QuantumCircuit(QuantumRegister(133), ClassicalRegister(100, "a"), ClassicalRegister(33, "b"))
    flipped = set(range(0, 133, 5))
    for qubit in range(133):
        if qubit in flipped:
            circuit.x(qubit)
        circuit.measure(qubit, 132 - qubit)
    bits = Simulator(device=DEVICE, qubits=list(range(133))).prepare(circuit, BindingsArray(), shots=SHOTS).run(seed=1)
    ones = np.concatenate([bits[name].to_bool_array(order="little").mean(axis=0) for name in ("a", "b")])
    assert [132 - int(bit) for bit in np.flatnonzero(ones > 0.5)][::-1] == sorted(flipped)
    assert bits["a"].num_shots == SHOTS
    assert (bits["a"].num_bits, bits["b"].num_bits) == (100, 33)


def test_entangled_qubits_stay_together_and_parameters_find_their_part() -> None:
    angles = {qubit: Parameter(f"p{132 - qubit}") for qubit in (5, 60, 120)}
    circuit = QuantumCircuit(133, 133)
    for qubit in (0, 1):
        h(circuit, qubit)
    circuit.cz(0, 1)
    h(circuit, 1)
    for qubit, angle in angles.items():
        # A rotation about X by the angle.
        h(circuit, qubit)
        circuit.rz(angle, qubit)
        h(circuit, qubit)
    circuit.barrier()
    circuit.measure(range(133), range(133))
    values = np.array([[0.3, 1.4, 2.9], [2.0, 0.1, 1.0]])
    bindings = BindingsArray({tuple(angles[qubit] for qubit in angles): values})
    bits = Simulator(device=DEVICE, qubits=list(range(133))).prepare(circuit, bindings, shots=SHOTS).run(seed=2)["c"]
    assert bits.shape == (2,)
    read = bits.to_bool_array(order="little")
    for number in range(2):
        assert 0.4 < read[number][:, 0].mean() < 0.6
        # Qubit 0 of this device is misread 17 times in a hundred.
        assert (read[number][:, 0] == read[number][:, 1]).mean() > 0.75
        for column, qubit in enumerate(angles):
            exact = sin(values[number][column] / 2) ** 2
            assert abs(read[number][:, qubit].mean() - exact) < 0.05 + 5 * sqrt(0.25 / SHOTS)


def test_a_seed_repeats_the_bits_and_parts_do_not_share_their_randomness() -> None:
    circuit = QuantumCircuit(40, 40)
    for qubit in range(40):
        h(circuit, qubit)
    circuit.measure(range(40), range(40))
    simulator = Simulator(device=DEVICE, qubits=list(range(40)))
    first, again, other = (
        simulator.prepare(circuit, BindingsArray(), shots=SHOTS).run(seed=seed)["c"].to_bool_array()
        for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    correlations = np.corrcoef(first.T) - np.eye(40)
    assert np.abs(correlations).max() < 0.15
