"""Devices: where circuits run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qiskit_runtime_rest import Job, RuntimeClient

from .circuit import Circuit

NATIVE = {"rz", "sx", "x", "cz"}


class NotSupported(Exception):
    """The device cannot run the circuit."""


@dataclass(frozen=True)
class Run:
    """A circuit that was submitted."""

    job: Job

    def counts(self, timeout: float | None = None) -> dict[str, int]:
        """Wait, and return how often each outcome was measured."""
        return self.job.result(timeout=timeout)[0].counts()


class Device:
    """A device of the service. `client`: a client of your own; by default one with the settings of the user."""

    def __init__(self, name: str | None = None, *, client: RuntimeClient | None = None) -> None:
        """`name`: None for the one with the shortest queue."""
        self.client = client or RuntimeClient(application="tiny-sdk")
        self.name = name or self.client.backends.least_busy().name
        configuration = self.client.backends.configuration(self.name)
        missing = NATIVE - set(configuration.basis_gates)
        if missing:
            raise NotSupported(f"{self.name} lacks the gates {', '.join(sorted(missing))}.")
        self.num_qubits = configuration.n_qubits
        self.couplings = {frozenset(pair) for pair in configuration.coupling_map or ()}

    def run(self, circuit: Circuit, *, shots: int = 1000) -> Run:
        """Submit a circuit; all of its qubits are measured."""
        text = circuit.openqasm(self.places(circuit), measured=True)
        return Run(self.client.sampler(text, backend=self.name, shots=shots))

    def run_all(self, circuits: Iterable[Circuit], *, shots: int = 1000) -> list[dict[str, int]]:
        """Run circuits as the jobs of one batch, and return the counts of each."""
        with self.client.sessions.create(backend=self.name, mode="batch") as batch:
            texts = [circuit.openqasm(self.places(circuit), measured=True) for circuit in circuits]
            jobs = [batch.sampler(text, shots=shots) for text in texts]
        return [job.result()[0].counts() for job in self.client.jobs.wait_all(jobs)]

    def expectation(self, circuit: Circuit, paulis: str, *, precision: float = 0.05) -> float:
        """The expectation value of a Pauli string, such as `ZZ`; its last letter is for qubit 0."""
        places = self.places(circuit)
        letters = ["I"] * self.num_qubits
        for qubit, place in enumerate(places):
            letters[self.num_qubits - 1 - place] = paulis[len(paulis) - 1 - qubit]
        pub = (circuit.openqasm(places, measured=False), "".join(letters))
        value: float = self.client.estimator(pub, backend=self.name, precision=precision).result()[0].evs
        return value

    def places(self, circuit: Circuit) -> list[int]:
        """A qubit of the device for each qubit of the circuit, with each `cz` on a coupled pair.

        Raises:
            NotSupported: there is no such choice along a line of neighbours.
        """
        pairs = {frozenset(gate.qubits) for gate in circuit.gates if len(gate.qubits) == 2}
        for start in range(self.num_qubits):
            places = self._line(start, circuit.num_qubits)
            if places and all(frozenset(places[qubit] for qubit in pair) in self.couplings for pair in pairs):
                return places
        raise NotSupported(
            f"{self.name} has no line of {circuit.num_qubits} qubits with the couplings of this circuit."
        )

    def _line(self, start: int, length: int) -> list[int]:
        places = [start]
        while len(places) < length:
            neighbours = (q for q in range(self.num_qubits) if frozenset((places[-1], q)) in self.couplings)
            free = [q for q in neighbours if q not in places]
            if not free:
                return []
            places.append(free[0])
        return places
