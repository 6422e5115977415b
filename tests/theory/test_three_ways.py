"""Service, client and IBM's client-side primitives agree with each other and with theory, same circuits, same shots."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import SparsePauliOp, Statevector

from qiskit_runtime_rest import JobRequest
from qiskit_runtime_rest.results import SamplerPub, decode

from .ways import BACKEND, DEVICE, ERRORS, HEADER, agree, by_client, by_ibm, by_service, gates, ibm_sample, run, shares

PRECISION = 1 / 32
BASES = 0.01
"""The ways turn bases by different gates. Two more `sx` on each of 6 qubits take 12 errors of 3e-4, and time."""
EACH_GATE = 0.012
"""What a gate of a random circuit takes from an expectation value at most, on these qubits."""


@settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data(), number=st.integers(2, 6), gates=gates(most=16), level=st.sampled_from([0, 1]))
def test_random_circuits_with_random_observables(data: Any, number: int, gates: Any, level: int) -> None:
    small = QuantumCircuit(number)
    # A text on the device's qubits has those that it names.
    small.sx(range(number))
    for name, qubit, angle in gates:
        if name == "rz":
            small.rz(angle, qubit % number)
        elif name == "sx":
            small.sx(qubit % number)
        else:
            first = qubit % (number - 1)
            small.cz(first, first + 1)
    labels = st.text("IXYZ", min_size=number, max_size=number)
    sums = st.dictionaries(labels, st.sampled_from([-1.5, -1.0, 0.5, 1.0]), min_size=1, max_size=3)
    observables = data.draw(st.lists(sums, min_size=1, max_size=3))
    wide = QuantumCircuit(DEVICE.qubits)
    wide.compose(small, range(number), inplace=True)
    text = qasm3.dumps(small).replace(f"qubit[{number}] q;", "")
    for qubit in range(number):
        text = text.replace(f"q[{qubit}]", f"${qubit}")
    pub = (text, [[one] for one in observables], None)
    how: dict[str, Any] = {"precision": PRECISION, "resilience_level": level}
    service = by_service(pub, seed=1, **how)
    ours = by_client(pub, seed=2, **how)
    ibm = by_ibm(wide, observables, None, seed=3, level=level, precision=PRECISION)
    scale = np.array([[sum(map(abs, one.values()))] for one in observables])
    for found in (ours, ibm):
        agree(found, service, scale=scale, bound=BASES)
    if level == 1:
        state = Statevector(small)
        exact = [[state.expectation_value(SparsePauliOp.from_list(list(one.items()))).real] for one in observables]
        lost = EACH_GATE * (len(gates) + 3 * number)
        for found in (service, ours, ibm):
            agree(found, (np.array(exact), 0.0), scale=scale, bound=lost)


SWEPT = f"{HEADER} input float[64] turn; sx $0; rz(turn) $0; sx $0; rz(pi/2) $1; sx $1; rz(pi/2) $1; cz $0, $1;"


@pytest.mark.parametrize("level", [0, 1])
def test_sweeps(level: int) -> None:
    observables = [{"IZ": 1.0}, {"XI": 1.0}, {"XZ": 1.0, "IZ": 0.5}]
    values = [[turn] for turn in (0.0, 0.8, 2.0)]
    circuit = QuantumCircuit(DEVICE.qubits)
    circuit.compose(qasm3.loads(SWEPT), range(2), inplace=True)
    pub = (SWEPT, [[one] for one in observables], values)
    how: dict[str, Any] = {"precision": PRECISION, "resilience_level": level}
    service = by_service(pub, seed=4, **how)
    assert service[0].shape == (3, 3)
    for found in (
        by_client(pub, seed=5, **how),
        by_ibm(circuit, observables, np.array(values), seed=6, level=level, precision=PRECISION),
    ):
        agree(found, service, scale=1.5, bound=BASES)


TURN = "rz(pi/2) ${0}; sx ${0}; rz(pi/2) ${0};"
BELL = f"{TURN.format(0)} {TURN.format(1)} cz $0, $1; {TURN.format(1)}"
GHZ = f"{BELL} {TURN.format(2)} cz $1, $2; {TURN.format(2)}"
SAMPLED = {
    "bell": (f"{HEADER} bit[2] c; {BELL} c[0] = measure $0; c[1] = measure $1;", None, {"00": 0.5, "11": 0.5}),
    "ghz": (
        f"{HEADER} bit[3] c; {GHZ} c[0] = measure $0; c[1] = measure $1; c[2] = measure $2;",
        None,
        {"000": 0.5, "111": 0.5},
    ),
    "registers and a measurement in the middle": (
        f"{HEADER} bit[1] early; bit[2] late; x $0; early[0] = measure $0; if (early[0]) {{ x $1; }} sx $2;"
        "late[0] = measure $1; late[1] = measure $2;",
        None,
        {"011": 0.5, "111": 0.5},
    ),
    "sweep": (
        f"{HEADER} input float[64] turn; bit[1] c; sx $0; rz(turn) $0; sx $0; c[0] = measure $0;",
        [[0.0], [np.pi]],
        {"1": 1.0},
    ),
}
SHOTS = 4000
LOST = 0.08
"""The share of shots that noise takes to other outcomes, at most."""


@pytest.mark.parametrize("name", SAMPLED)
def test_counts(name: str) -> None:
    text, values, ideal = SAMPLED[name]
    found = []
    for via, seed in (("service", 1), ("executor", 2)):
        request = JobRequest.sampler([(text, values)], backend=BACKEND, shots=SHOTS, via=via)  # type: ignore[arg-type]
        [pub] = decode(run(request.program_id, request.params, seed=seed), program_id=request.program_id)
        assert isinstance(pub, SamplerPub)
        found.append(shares(pub.counts(index=(0,)) if values else pub.counts()))
    loaded = qasm3.loads(text)
    circuit = QuantumCircuit(DEVICE.qubits)
    for register in loaded.cregs:
        circuit.add_register(register)
    circuit.compose(loaded, range(loaded.num_qubits), loaded.clbits, inplace=True)
    data = ibm_sample(circuit, None if values is None else np.array(values), shots=SHOTS, seed=3)
    parts = [data[register.name] for register in reversed(circuit.cregs)]
    strings = [part[0].get_bitstrings() if values else part.get_bitstrings() for part in parts]
    whole = ["".join(bits) for bits in zip(*strings, strict=True)]
    found.append({outcome: whole.count(outcome) / SHOTS for outcome in set(whole)})
    for one in found:
        for outcome, share in ideal.items():
            assert abs(one.get(outcome, 0.0) - share) <= LOST + ERRORS * sqrt(0.25 / SHOTS), (outcome, found)
        for outcome in set(one) | set(found[0]):
            mine, its = one.get(outcome, 0.0), found[0].get(outcome, 0.0)
            mean = (mine + its) / 2
            assert abs(mine - its) <= ERRORS * sqrt(2 * max(mean, 1 / SHOTS) / SHOTS) + 0.002, (outcome, found)
