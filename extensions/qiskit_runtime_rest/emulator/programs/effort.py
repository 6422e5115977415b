"""What a simulation takes, estimated before it starts: seconds of one processor, and memory.

The seconds were measured with qiskit-aer 0.17 in one thread. Other machines differ from that by a factor of 2 or 3.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from attrs import frozen
from qiskit import QuantumCircuit
from scipy.sparse import coo_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import reverse_cuthill_mckee  # type: ignore[import-untyped]

from . import isa
from .outcome import HeavyJobError, JobFailedError, Kind
from .policy import Policy

__all__ = ["Effort", "check", "effort", "entanglement", "learning_effort"]

_COMPLEX_BYTES = 16
_FREE = frozenset({"barrier", "rz", "delay"})
_MOST_EXPONENT = 200.0


@frozen(kw_only=True)
class Effort:
    """The estimate for one circuit, or for several."""

    seconds: float
    memory_bytes: float
    qubits: int


def effort(circuit: QuantumCircuit, *, method: str, shots: int, sets: int, twirled: bool) -> Effort:
    """Estimate the simulation of a circuit for a number of parameter sets, by a method of qiskit-aer.

    Shots count except with a density matrix, whose noise is exact.
    """
    qubits = circuit.num_qubits
    gates = 1 + sum(placed.name not in _FREE for placed in isa.instructions(circuit))
    runs = sets * shots
    if method == "density_matrix":
        size = 4.0**qubits
        seconds = sets * gates * (4e-9 * size + 3e-7 * shots)
    elif method == "statevector":
        size = 2.0**qubits
        seconds = runs * gates * (1e-5 + (4e-9 if twirled else 1.4e-8) * size)
    elif method == "stabilizer":
        size = float(qubits**2)
        seconds = runs * gates * qubits * 1.6e-7
    else:
        bond = 2.0 ** min(entanglement(circuit), _MOST_EXPONENT)
        size = 4 * qubits * bond**2
        seconds = runs * gates * (2e-5 + 8e-10 * bond**3)
    return Effort(seconds=seconds, memory_bytes=size * _COMPLEX_BYTES, qubits=qubits)


def learning_effort(*, gates: int, qubits: int, terms: int) -> Effort:
    """Estimate the learning of the noise of a layer, whose model has so many terms."""
    return Effort(seconds=0.05 * gates + 1e-4 * terms + 3e-10 * terms**3, memory_bytes=64.0 * terms**2, qubits=qubits)


def check(efforts: Iterable[Effort], *, policy: Policy) -> None:
    """Check that a job can be simulated in time and in the memory of this machine.

    Raises:
        JobFailedError: it cannot; the text has the estimate.
        HeavyJobError: it can, but is not light.
    """
    every = list(efforts)
    seconds = sum(one.seconds for one in every)
    if seconds > policy.simulation_seconds:
        widest = max(every, key=lambda one: one.seconds)
        raise JobFailedError(
            Kind.SIMULATION_FAILED,
            detail=f"it would take about {_number(seconds)} s, most of them for {widest.qubits} connected qubits; "
            f"the limit is {policy.simulation_seconds:g} s (--simulation-seconds).",
        )
    largest = max(every, key=lambda one: one.memory_bytes, default=None)
    memory = policy.most_memory_bytes
    if largest is not None and largest.memory_bytes > memory:
        raise JobFailedError(
            Kind.SIMULATION_FAILED,
            detail=f"it would take about {_number(largest.memory_bytes / 2**30)} GiB of memory for {largest.qubits} "
            f"connected qubits; there are {_number(memory / 2**30)} GiB for it.",
        )
    if policy.light_seconds is not None and seconds > policy.light_seconds:
        raise HeavyJobError


def entanglement(circuit: QuantumCircuit) -> int:
    """The largest entanglement, in qubits, that the circuit can create across a cut; the qubits are in a good order."""
    pairs = [
        placed.qubits
        for placed in isa.instructions(circuit)
        if len(placed.qubits) > 1 and placed.name not in {"barrier", "if_else"}
    ]
    position = _order(circuit.num_qubits, pairs)
    crossing = np.zeros(circuit.num_qubits + 1, dtype=np.int64)
    for qubits in pairs:
        places = [position[qubit] for qubit in qubits]
        crossing[min(places) + 1 : max(places) + 1] += 1
    return max(min(int(count), cut, len(crossing) - 1 - cut) for cut, count in enumerate(crossing))


def _order(count: int, pairs: list[tuple[int, ...]]) -> list[int]:
    """The place of each qubit in a row in which qubits that share gates are near each other."""
    rows = [qubits[0] for qubits in pairs] + [qubits[-1] for qubits in pairs]
    columns = [qubits[-1] for qubits in pairs] + [qubits[0] for qubits in pairs]
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count)).tocsr()
    places = np.empty(count, dtype=np.int64)
    places[reverse_cuthill_mckee(graph, symmetric_mode=True)] = np.arange(count)
    order: list[int] = places.tolist()
    return order


def _number(value: float) -> str:
    return f"{value:,.0f}" if 10 <= value < 1e9 else f"{value:.1g}" if value >= 1e9 else f"{value:.1f}"
