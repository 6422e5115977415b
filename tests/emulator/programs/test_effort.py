"""What a simulation takes is estimated before it starts, and large circuits keep their noise."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import exp
from typing import Any

import pytest
from qiskit import QuantumCircuit, qasm3

from qiskit_runtime_rest.emulator import devices, programs
from qiskit_runtime_rest.emulator.programs.effort import effort, entanglement
from qiskit_runtime_rest.emulator.programs.outcome import HEAVY

FEZ = devices.get("ibm_fez")


def row(length: int) -> list[int]:
    """Qubits of ibm_fez, each coupled with the next."""
    neighbours: dict[int, list[int]] = {}
    for first, second in FEZ.configuration["coupling_map"]:
        neighbours.setdefault(first, []).append(second)

    def grown(path: list[int]) -> list[int] | None:
        if len(path) == length:
            return path
        return next((found for one in neighbours[path[-1]] if one not in path and (found := grown([*path, one]))), None)

    found = grown([0])
    assert found is not None
    return found


def brickwork(qubits: Sequence[int], layers: int) -> str:
    circuit = QuantumCircuit(156, len(qubits))
    for layer in range(layers):
        for qubit in qubits:
            circuit.rx(0.3, qubit)
        for first, second in list(pairwise(qubits))[layer % 2 :: 2]:
            circuit.cz(first, second)
    circuit.measure(qubits, range(len(qubits)))
    text: str = qasm3.dumps(circuit)
    return text


def outcome(text: str, shots: int, **policy: Any) -> Any:
    params = {"pubs": [[text, None, shots]]}
    return programs.run("sampler", params, device=FEZ, seed=1, policy=programs.Policy(**policy))


def test_a_job_that_cannot_be_simulated_in_time_fails_at_once_and_says_why() -> None:
    failure = outcome(brickwork(row(40), 30), 4096)
    assert failure.code == 5204
    assert "it would take about " in failure.reason
    assert "for 40 connected qubits; the limit is 120 s (--simulation-seconds)." in failure.reason


TWIRLED = {"twirling": {"enable_measure": True, "num_randomizations": 8, "shots_per_randomization": 4000}}


@pytest.mark.parametrize(
    ("program", "level", "options"),
    [("sampler", 0, {}), ("estimator", 0, {}), ("sampler", 0, TWIRLED), ("estimator", 1, TWIRLED)],
)
def test_all_circuits_of_a_job_count(program: str, level: int, options: Any) -> None:
    text = brickwork(row(10), 4)
    pub = [text, "Z" * 156] if program == "estimator" else [text, None, 32_000]
    policy = programs.Policy(simulation_seconds=1e-9, resilience_level=level)

    def estimated(pubs: int) -> float:
        failure = programs.run(program, {"pubs": [pub] * pubs, "options": options}, device=FEZ, seed=1, policy=policy)
        assert isinstance(failure, programs.Failure), failure
        found = re.search(r"it would take about ([\d.,]+) s", failure.reason)
        assert found, failure.reason
        return float(found[1].replace(",", ""))

    assert estimated(3) == pytest.approx(3 * estimated(1), rel=0.1)


def test_a_circuit_that_needs_more_memory_than_there_is_fails_at_once() -> None:
    failure = outcome(brickwork(row(10), 2), 2000, memory_bytes=2**20)
    assert failure.code == 5204
    assert "GiB of memory for 10 connected qubits" in failure.reason


def test_a_job_that_is_not_light_is_heavy() -> None:
    assert outcome(brickwork(row(10), 2), 2000, light_seconds=1e-6) is HEAVY


def test_learning_the_noise_of_large_layers_is_estimated_too() -> None:
    circuit = QuantumCircuit(156)
    used: set[int] = set()
    for first, second in FEZ.configuration["coupling_map"]:
        if not {first, second} & used:
            used |= {first, second}
            circuit.cz(first, second)
    params = {"circuits": [qasm3.dumps(circuit)], "options": {}}
    run = partial(programs.run, "noise-learner", params, device=FEZ, seed=1)
    failure = run(policy=programs.Policy(simulation_seconds=1.0))
    assert isinstance(failure, programs.Failure)
    assert failure.code == 5204
    assert "it would take about" in failure.reason
    assert run(policy=programs.Policy(light_seconds=1.0)) is HEAVY


def test_unconnected_qubits_cost_little() -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; bit[156] c;' + "".join(
        f"rx(0.3) ${qubit}; c[{qubit}] = measure ${qubit};" for qubit in range(156)
    )
    assert isinstance(outcome(text, 4096, simulation_seconds=5.0), programs.Completed)


def test_the_order_of_the_qubits_does_not_change_the_estimate() -> None:
    row_of, shuffled = QuantumCircuit(12), QuantumCircuit(12)
    order = [7, 0, 11, 3, 9, 1, 5, 10, 2, 8, 4, 6]
    for first in range(11):
        row_of.cz(first, first + 1)
        shuffled.cz(order[first], order[first + 1])
    assert entanglement(row_of) == entanglement(shuffled) == 1
    seconds = {
        effort(circuit, method="matrix_product_state", shots=100, sets=1, twirled=True).seconds
        for circuit in (row_of, shuffled)
    }
    assert len(seconds) == 1


@pytest.mark.parametrize(("length", "chance"), [(2, exp(-1)), (12, (1 + exp(-1)) / 2)])
def test_relaxation_is_twirled_in_large_groups_of_qubits(length: int, chance: float) -> None:
    qubits = row(length)
    t1 = next(entry["value"] for entry in FEZ.properties["qubits"][qubits[0]] if entry["name"] == "T1")
    text = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c;'
    text += "".join(f"cz ${first}, ${second};" for first, second in pairwise(qubits))
    text += f"x ${qubits[0]}; delay[{t1}us] ${qubits[0]}; c[0] = measure ${qubits[0]};"
    completed = outcome(text, 2000)
    samples = json.loads(completed.body)["results"][0]["data"]["c"]["samples"]
    assert samples.count("0x1") / len(samples) == pytest.approx(chance, abs=0.08)
