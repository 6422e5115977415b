"""qrmi's primitives: qiskit circuits exported to OpenQASM 3 on physical qubits, decoded by qiskit-ibm-runtime.

The export names only the qubits in use, so that device-wide observables ask the service to widen the circuit.
"""

from __future__ import annotations

import pytest

from .conftest import Report, RunScript
from .theory import BELL, check_bell_counts, check_bell_paulis, check_estimated_rotations, check_rotations


@pytest.fixture(scope="module")
def report(run_script: RunScript) -> Report:
    return run_script("qrmi_primitives.py")


def test_the_backend_is_built_from_the_resources_target(report: Report) -> None:
    assert report["backend"] == ["ibm_fez", 156, True]


def test_counts_of_a_bell_state_agree_with_theory_and_show_noise(report: Report) -> None:
    check_bell_counts(report["bell"], shots=10_000)
    assert report["status"] == ["DONE", True, False, ""]


def test_parameter_values_are_swept(report: Report) -> None:
    assert report["swept"]["shots"] == 2000
    check_rotations(report["swept"])


def test_paulis_of_a_bell_state_agree_with_theory(report: Report) -> None:
    check_bell_paulis(report["paulis"], mitigated=True)


def test_without_mitigation_paulis_show_noise_that_the_services_default_takes_away(report: Report) -> None:
    check_bell_paulis(report["bare paulis"])
    for label, bare, mitigated, error in zip(
        *(report["bare paulis"][name] for name in ("labels", "evs")),
        *(report["paulis"][name] for name in ("evs", "stds")),
        strict=True,
    ):
        if BELL[label]:
            assert abs(mitigated) > abs(bare) + error, label


def test_expectation_values_are_swept(report: Report) -> None:
    check_estimated_rotations(report["estimated sweep"], angles=report["swept"]["angles"])


def test_a_circuit_that_was_not_transpiled_fails_in_the_service(report: Report) -> None:
    status, errored, log = report["refused"]
    assert (status, errored) == ("ERROR", True)
    assert "h on qubits (0,)" in log
