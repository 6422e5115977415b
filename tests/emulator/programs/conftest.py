"""Circuits in a device's own gates, and what theory says of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import DensityMatrix
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel
from qiskit_ibm_runtime.utils.backend_decoder import properties_from_server_data

from qiskit_runtime_rest.emulator import devices, programs

Params = dict[str, Any]
Run = Callable[..., programs.Completed]
Refused = Callable[..., programs.Failure]

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'


@pytest.fixture
def bell() -> Callable[[int, int], str]:
    """A Bell state on two coupled qubits of a device with cz, measured into the register c."""

    def text(first: int, second: int) -> str:
        h = "rz(pi/2) ${0}; sx ${0}; rz(pi/2) ${0};"
        return (
            f"{HEADER} bit[2] c; {h.format(first)} {h.format(second)} cz ${first}, ${second};"
            f"{h.format(second)} c[0] = measure ${first}; c[1] = measure ${second};"
        )

    return text


@pytest.fixture
def completed() -> Run:
    """Run a program that must complete; estimators show the device's noise, unless a job asks for mitigation."""

    def run(
        program: str, params: Params, *, backend: str = "ibm_torino", seed: int = 7, lenient: bool = False
    ) -> programs.Completed:
        policy = programs.Policy(lenient=lenient, resilience_level=0)
        outcome = programs.run(program, params, device=devices.get(backend), seed=seed, policy=policy)
        assert isinstance(outcome, programs.Completed), outcome
        return outcome

    return run


@pytest.fixture
def failed() -> Refused:
    """Run a program that must fail."""

    def run(program: str, params: Params, *, backend: str = "ibm_torino") -> programs.Failure:
        policy = programs.Policy(resilience_level=0)
        outcome = programs.run(program, params, device=devices.get(backend), seed=7, policy=policy)
        assert isinstance(outcome, programs.Failure), outcome
        return outcome

    return run


class Theory:
    """What a device's calibration predicts, computed without the emulator's own code.

    The calibration of a few qubits is cut out of the device's answer, qiskit-ibm-runtime decodes it, qiskit-aer
    makes its noise model of that, and one density matrix is computed.
    """

    def __init__(self, backend: str, qubits: Sequence[int]) -> None:
        self._qubits = list(qubits)
        properties = copy.deepcopy(devices.get(backend).properties)
        index = {qubit: position for position, qubit in enumerate(qubits)}
        properties["qubits"] = [properties["qubits"][qubit] for qubit in qubits]
        properties["gates"] = [
            gate | {"qubits": [index[qubit] for qubit in gate["qubits"]]}
            for gate in properties["gates"]
            if set(gate["qubits"]) <= set(qubits)
        ]
        decoded = properties_from_server_data(properties, use_fractional_gates=None)
        # The model asks for frequencies, which newer devices lack; only T1 and T2 matter.
        decoded.frequency = lambda qubit: 0.0
        self._noise = NoiseModel.from_backend_properties(decoded, dt=4e-9)
        self._readout = [self._noise._local_readout_errors[(position,)].probabilities for position in index.values()]

    def state(self, circuit: QuantumCircuit) -> DensityMatrix:
        """The state before it is read; qubit k of the circuit is the k-th of the qubits."""
        whole = circuit.copy()
        whole.save_density_matrix()
        backend = AerSimulator(method="density_matrix", noise_model=self._noise)
        return DensityMatrix(backend.run(whole).result().data()["density_matrix"])

    def probabilities(self, circuit: QuantumCircuit) -> npt.NDArray[np.float64]:
        """The probability to read each integer, all qubits measured in order."""
        found = self.state(circuit).probabilities()
        confusion = np.ones((1, 1))
        for matrix in self._readout:
            confusion = np.kron(matrix, confusion)
        return np.asarray(found @ confusion)

    def expectation(self, circuit: QuantumCircuit, pauli: str) -> float:
        """The mean of a Pauli as a device reads it, after it has turned the qubits with its own gates."""
        rotated = circuit.copy()
        for qubit, letter in enumerate(reversed(pauli)):
            if letter in "XY":
                if letter == "Y":
                    rotated.rz(-np.pi / 2, qubit)
                rotated.rz(np.pi / 2, qubit)
                rotated.sx(qubit)
                rotated.rz(np.pi / 2, qubit)
        support = sum(1 << qubit for qubit, letter in enumerate(reversed(pauli)) if letter != "I")
        signs = [(-1) ** (outcome & support).bit_count() for outcome in range(2**circuit.num_qubits)]
        return float(self.probabilities(rotated) @ signs)


@pytest.fixture
def theory() -> type[Theory]:
    return Theory


@pytest.fixture
def agree() -> Callable[[Any, npt.NDArray[np.float64]], None]:
    """Counts agree with probabilities, within five standard errors of each."""

    def check(samples: Sequence[str], probabilities: npt.NDArray[np.float64]) -> None:
        shots = len(samples)
        counted = np.bincount([int(sample, 16) for sample in samples], minlength=len(probabilities)) / shots
        errors = np.sqrt(probabilities * (1 - probabilities) / shots)
        assert np.all(np.abs(counted - probabilities) <= 5 * errors + 1e-12), (counted, probabilities)

    return check
