"""The noise of a device on the qubits that a circuit uses, from its calibration data.

Gates have thermal relaxation, and a depolarizing error such that the average gate infidelity is the calibrated
gate error. Measurements have the calibrated readout errors. Delays have relaxation. All of it can be twirled: then it
is made of random Pauli gates, with the same average infidelity, which larger simulations need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from math import inf
from typing import Any

import numpy as np
from qiskit.circuit import Delay, Gate
from qiskit.quantum_info import Chi, pauli_basis
from qiskit.transpiler import InstructionProperties, QubitProperties, Target
from qiskit_aer.noise import (
    LocalNoisePass,
    NoiseModel,
    QuantumError,
    ReadoutError,
    RelaxationNoisePass,
    pauli_error,
)
from qiskit_aer.noise.device import basic_device_gate_errors

from ..devices import Device
from .circuits import standard_gate
from .isa import Placed

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "ps": 1e-12}


def noise_model(
    device: Device,
    *,
    qubits: list[int],
    placed: Iterable[Placed],
    twirled: bool = False,
) -> NoiseModel:
    """The noise of `device` for a circuit on `qubits` with the instructions `placed`.

    The model's qubit k is the device's qubit `qubits[k]`. If `twirled`, the noise is Pauli noise, with which Clifford
    circuits stay easy to simulate.
    """
    index = {qubit: position for position, qubit in enumerate(qubits)}
    used = {one for one in placed if all(qubit in index for qubit in one.qubits)}
    gates = sorted({gate.name for one in used if isinstance(gate := standard_gate(one.name), Gate)})
    model = NoiseModel(basis_gates=gates or None)
    for one in sorted(used, key=lambda one: (one.name, one.qubits)):
        error = gate_error(device, one, twirled=twirled)
        if error is not None:
            model.add_quantum_error(error, one.name, [index[qubit] for qubit in one.qubits])
    for qubit, position in index.items():
        up, down = readout_errors(device, qubit)
        if up or down:
            model.add_readout_error(ReadoutError([[1 - up, up], [down, 1 - down]]), [position])
    if any(one.name == "delay" for one in used):
        model._custom_noise_passes.append(_delay_noise(device, qubits, twirled=twirled))
    return model


def readout_errors(device: Device, qubit: int) -> tuple[float, float]:
    """The probabilities to read 1 for a qubit in state 0, and 0 for a qubit in state 1."""
    values = _numbers(device.properties["qubits"][qubit])
    both = values.get("readout_error", 0.0)
    return values.get("prob_meas1_prep0", both), values.get("prob_meas0_prep1", both)


def duration(device: Device, placed: Placed) -> float:
    """The duration of an instruction in seconds; 0.0 if the calibration has none."""
    if placed.name.startswith("measure"):
        return _numbers(device.properties["qubits"][placed.qubits[0]]).get("readout_length", 0.0)
    return _gate(device, placed).get("gate_length", 0.0)


@cache
def gate_error(device: Device, placed: Placed, *, twirled: bool = False) -> QuantumError | None:
    """The error of one instruction on its qubits, numbered from 0."""
    values = _gate(device, placed)
    operation = standard_gate(placed.name)
    if operation is None or not values:
        return None
    places = tuple(range(len(placed.qubits)))
    target = Target(qubit_properties=[_qubit_properties(device, qubit) for qubit in placed.qubits])
    properties = InstructionProperties(duration=values.get("gate_length"), error=values.get("gate_error"))
    target.add_instruction(operation, {places: properties})
    error = next((error for _, _, error in basic_device_gate_errors(target=target)), None)
    return _twirled(error) if twirled and error is not None else error


def _twirled(error: QuantumError) -> QuantumError:
    """The Pauli noise that random Pauli gates before and after it make of an error."""
    chances = np.diag(Chi(error).data).real / 2**error.num_qubits
    labels = pauli_basis(error.num_qubits).to_labels()
    # Rounding leaves chances a little below 0.
    return pauli_error([(label, max(float(chance), 0.0)) for label, chance in zip(labels, chances, strict=True)])


def _qubit_properties(device: Device, qubit: int) -> QubitProperties:
    values = _numbers(device.properties["qubits"][qubit])
    return QubitProperties(t1=values.get("T1"), t2=values.get("T2"))


def relaxation_times(device: Device, qubit: int) -> tuple[float, float]:
    """T1 and T2 of a qubit that waits, in seconds."""
    properties = _qubit_properties(device, qubit)
    t1 = properties.t1 or inf
    # Calibrations measure T1 and T2 at different times. In physics, T2 is at most twice T1.
    return t1, min(properties.t2 or inf, 2 * t1)


def _delay_noise(device: Device, qubits: list[int], *, twirled: bool) -> LocalNoisePass:
    t1s, t2s = zip(*(relaxation_times(device, qubit) for qubit in qubits), strict=True)
    dt = device.configuration.get("dt")
    relaxation = RelaxationNoisePass(t1s=list(t1s), t2s=list(t2s), dt=dt and dt * 1e-9, op_types=Delay)
    if not twirled:
        return relaxation

    def noise(delay: Delay, places: Sequence[int]) -> Any:
        error = relaxation._thermal_relaxation_error(delay, places)
        return None if error is None else _twirled(error)

    return LocalNoisePass(noise, op_types=Delay)


def _gate(device: Device, placed: Placed) -> dict[str, float]:
    return _gates(device).get((placed.name, placed.qubits), {})


@cache
def _gates(device: Device) -> dict[tuple[str, tuple[int, ...]], dict[str, float]]:
    return {(gate["gate"], tuple(gate["qubits"])): _numbers(gate["parameters"]) for gate in device.properties["gates"]}


def _numbers(entries: list[dict[str, Any]]) -> dict[str, float]:
    """Values by name, times in seconds."""
    return {entry["name"]: entry["value"] * SECONDS.get(entry["unit"], 1.0) for entry in entries}
