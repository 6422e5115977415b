"""How far a device's noise can move what a circuit measures, from the calibration data that the client received."""


def noise_budget(backend, circuit):
    """What can go wrong at most, and what must go wrong at least, in each run of an ISA circuit.

    `most` bounds the total variation distance between the device's distribution and the ideal one: of each gate the
    process infidelity, (d + 1) / d of its average one, and the decay during it; of each measurement the larger of
    both readout errors. `readout` is the sum over the measured qubits of the mean readout error, which a state
    meets that has both values equally often.
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


def readout_bound(backend, qubits):
    """The larger readout error of each qubit, summed: what an estimator's own measurements add."""
    return sum(max(_readout_errors(backend.properties(), qubit)) for qubit in qubits)


def _readout_errors(properties, qubit):
    values = properties.qubit_property(qubit)
    names = ("prob_meas1_prep0", "prob_meas0_prep1")
    return [values[name][0] if name in values else properties.readout_error(qubit) for name in names]
