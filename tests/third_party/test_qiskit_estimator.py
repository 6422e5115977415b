"""qiskit-ibm-runtime's EstimatorV2: device-wide observables, broadcasting, precision, readout mitigation."""

from __future__ import annotations

import pytest

from .conftest import Report, RunScript
from .theory import ERRORS, check_bell_paulis, check_estimated_rotations


@pytest.fixture(scope="module")
def report(run_script: RunScript) -> Report:
    return run_script("qiskit_estimator.py")


def test_paulis_of_a_bell_state_agree_with_theory_and_show_noise(report: Report) -> None:
    check_bell_paulis(report["paulis"])


def test_the_requested_precision_is_reached(report: Report) -> None:
    paulis = report["paulis"]
    assert paulis["metadata"]["target_precision"] == 0.01
    assert paulis["metadata"]["shots"] == 10_000
    assert paulis["metadata"]["circuit_metadata"] == {"experiment": "bell"}
    # A Pauli with the values +1 and -1 has its largest error at a mean of 0.
    assert max(paulis["stds"]) == pytest.approx(0.01, rel=0.01)


def test_parameter_values_and_observables_are_broadcast(report: Report) -> None:
    swept = report["swept"]
    assert [len(row) for row in swept["evs"]] == [2, 2, 2]
    for column, pauli in enumerate("ZX"):
        found = {name: [row[column] for row in swept[name]] for name in ("evs", "stds")}
        check_estimated_rotations(found | {"bound": swept["bound"]}, angles=swept["angles"], pauli=pauli)


def test_a_sum_of_paulis_is_the_sum_of_their_values(report: Report) -> None:
    value, error = report["energy"]
    exact = 0.5 + 0.25 + 2
    assert exact - 0.75 * report["paulis"]["bound"] - ERRORS * error <= value < exact - ERRORS * error


def test_the_identity_is_exact_and_nested_observables_keep_their_shape(report: Report) -> None:
    assert report["nested"] == {"shape": [2, 1], "identity": 1.0}


def test_readout_mitigation_brings_values_closer_to_theory(report: Report) -> None:
    raw, mitigated = report["resilience"]["0"], report["resilience"]["1"]
    assert raw["target"] == mitigated["target"] == 0.005
    assert abs(1 - mitigated["ev"]) < abs(1 - raw["ev"])
    # Its error follows from how much 32 randomizations differ.
    assert mitigated["std"] > raw["std"] / 2


def test_a_seed_repeats_the_values(report: Report) -> None:
    first, second = report["seeded"]
    assert first == second
    assert first["target"] == 0.1


def test_metadata_report_the_options(report: Report) -> None:
    assert report["metadata"]["resilience"]["measure_mitigation"] is False
    assert report["metadata"]["version"] == 2
