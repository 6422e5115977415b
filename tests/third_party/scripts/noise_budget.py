"""Bounds on the effect of a device's noise on a circuit's outcomes, from the calibration data of the client."""

from typing import Any


def noise_budget(backend: Any, circuit: Any) -> dict[str, float]:
    """The largest and the smallest effect of noise in each run of an ISA circuit.

    `most` bounds the total variation distance between the device's distribution and the ideal one. It adds, for each
    gate, the process infidelity ((d + 1) / d of the average infidelity) and the decay during the gate, and for each
    measurement the larger readout error. `readout` is the sum of the mean readout errors of the measured qubits: the
    error of a state in which both values are equally likely.
    """
    properties = backend.properties()
    most = readout = 0.0
    for instruction in circuit.data:
        name = instruction.operation.name
        qubits = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        if name == "measure":
            errors = _readout_errors(properties, qubits[0])
            most += max(errors)
            readout += sum(errors) / 2
        elif name not in {"barrier", "rz"}:
            size = 2 ** len(qubits)
            most += properties.gate_error(name, qubits) * (size + 1) / size
            length = properties.gate_length(name, qubits)
            most += sum(length / properties.t1(qubit) + length / properties.t2(qubit) for qubit in qubits)
    return {"most": most, "readout": readout}


def readout_bound(backend: Any, qubits: list[int]) -> float:
    """The sum of the larger readout errors of the qubits: the error that an estimator's measurements add."""
    return sum(max(_readout_errors(backend.properties(), qubit)) for qubit in qubits)


def _readout_errors(properties: Any, qubit: int) -> list[float]:
    values = properties.qubit_property(qubit)
    names = ("prob_meas1_prep0", "prob_meas0_prep1")
    return [values[name][0] if name in values else properties.readout_error(qubit) for name in names]
