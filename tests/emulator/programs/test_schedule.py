"""Circuits are scheduled: qubits that wait decay, and slow noise turns them."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Duration
from qiskit.circuit.classical import expr

from qiskit_runtime_rest.emulator import devices
from qiskit_runtime_rest.emulator.programs.noise import relaxation_times
from qiskit_runtime_rest.emulator.programs.schedule import schedule, timing, waiting
from qiskit_runtime_rest.emulator.programs.slow_noise import FREE_DECAY
from qiskit_runtime_rest.results import SamplerPub, decode

FEZ = "ibm_fez"
DEVICE = devices.get(FEZ)
SX, CZ, READ = 6, 21, 390
"""Durations on ibm_fez's qubits 0 and 1, in units of dt (4 ns)."""

HEADER = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c;'
H = "rz(pi/2) $0; sx $0; rz(pi/2) $0;"


def starts(circuit: QuantumCircuit) -> list[tuple[str, int, int]]:
    found = schedule(circuit, range(circuit.num_qubits), device=DEVICE)
    return [(one.operation.name, start, length) for one, start, length in found.timed]


def test_instructions_start_as_late_as_possible() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.sx(0)
    circuit.sx(1)
    circuit.sx(1)
    circuit.rz(0.3, 1)
    circuit.cz(0, 1)
    circuit.measure([0, 1], [0, 1])
    measured = 2 * SX + CZ
    assert starts(circuit) == [
        ("sx", SX, SX),
        ("sx", 0, SX),
        ("sx", SX, SX),
        ("rz", 2 * SX, 0),
        ("cz", 2 * SX, CZ),
        ("measure", measured, READ),
        ("measure", measured, READ),
    ]
    # A qubit does not decay before its first gate.
    assert "delay" not in waiting(circuit, [0, 1], device=DEVICE).count_ops()


def test_a_qubit_that_waits_gets_a_delay() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.sx(0)
    circuit.barrier()
    circuit.measure(1, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.cz(0, 1)
    delays = [one for one in waiting(circuit, [0, 1], device=DEVICE) if one.operation.name == "delay"]
    [delay] = delays
    assert delay.qubits == (circuit.qubits[0],)
    assert delay.operation.duration == pytest.approx((READ + SX) * 4e-9)


def test_delays_have_their_length_in_every_unit() -> None:
    circuit = QuantumCircuit(1)
    for duration, unit in ((25, "dt"), (100, "ns"), (0.1, "us"), (1e-7, "s"), (0.0001, "ms"), (100_000, "ps")):
        circuit.delay(duration, 0, unit)
    assert [length for _, _, length in starts(circuit)] == [25] * 6


def test_stretches_fill_the_time_that_others_need() -> None:
    circuit = QuantumCircuit(2)
    stretch = circuit.add_stretch("a")
    circuit.barrier()
    circuit.delay(401, 0, "dt")
    circuit.delay(stretch, 1)
    circuit.x(1)
    circuit.delay(expr.add(expr.mul(2.0, stretch), Duration.dt(1)), 1)
    circuit.barrier()
    found = schedule(circuit, [0, 1], device=DEVICE)
    # 401 = a + 6 + 2a + 1, and 1 is left over.
    [one] = found.stretches
    assert (one.name, one.value, one.remainder) == ("a", 131, 1)
    assert one.delays == [(1, 131), (138, 263)]
    assert found.length == 401


def test_the_text_of_a_schedule_has_the_columns_of_ibms_drawer() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.sx(0)
    circuit.cz(0, 1)
    circuit.barrier()
    circuit.measure(0, 0)
    text = timing(schedule(circuit, [0, 1], device=DEVICE), circuit, [0, 1])
    assert text.split("\n") == [
        "main,sx_0,Qubit 0,0,6,play",
        "main,cz_0_1,Qubit 0,6,21,play",
        "main,cz_0_1,Qubit 1,6,21,play",
        "main,barrier,Qubit 0,27,0,barrier",
        "main,barrier,Qubit 1,27,0,barrier",
        "main,measure_0,Qubit 0,27,390,play",
    ]


def survival(completed: Any, middle: str, *, decoupled: bool = False, shots: int = 4000) -> float:
    """The share of shots in which a qubit on the equator comes back after a wait."""
    options = {"dynamical_decoupling": {"enable": True, "sequence_type": "XX"}} if decoupled else {}
    text = f"{HEADER} {H} {middle} {H} c[0] = measure $0;"
    body = completed("sampler", {"pubs": [[text, None, shots]], "options": options}, backend=FEZ).body
    [pub] = decode(body.encode())
    assert isinstance(pub, SamplerPub)
    return pub.counts().get("0", 0) / shots


def test_decoupling_lengthens_a_ramsey_curve(completed: Any) -> None:
    _, t2 = relaxation_times(DEVICE, 0)
    waits = [0.3 * t2, 0.7 * t2]
    free, decoupled = (
        np.array([survival(completed, f"delay[{wait * 1e9:.0f}ns] $0;", decoupled=on) for wait in waits])
        for on in (False, True)
    )
    # Readout and gates take 3 % at most.
    for found, slow in ((free, 1 / FREE_DECAY), (decoupled, 0.0)):
        theory = [(1 + exp(-wait / t2 - (slow * wait / t2) ** 2)) / 2 for wait in waits]
        assert np.allclose(found, theory, atol=0.03)
    assert np.all(decoupled - free > [0.1, 0.15])
