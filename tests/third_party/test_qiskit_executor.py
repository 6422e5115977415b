"""The new primitives of qiskit-ibm-runtime: twirling and mitigation in the client, jobs of the program `executor`."""

from __future__ import annotations

import pytest

from .conftest import Report, RunScript
from .theory import ERRORS, check_bell_counts, check_bell_paulis, check_estimated_rotations, check_rotations


@pytest.fixture(scope="module")
def report(run_script: RunScript) -> Report:
    return run_script("qiskit_executor.py")


def test_counts_of_a_bell_state_agree_with_theory_and_show_noise(report: Report) -> None:
    check_bell_counts(report["bell"], shots=4000)


def test_parameter_values_are_swept(report: Report) -> None:
    assert report["swept"]["shots"] == 4000
    check_rotations(report["swept"])


def test_the_job_belongs_to_the_program_executor(report: Report) -> None:
    program, status, usage, tags = report["job"]
    assert (program, status, tags) == ("executor", "DONE", ["executor"])
    assert usage > 0


def test_twirled_shots_add_up_over_the_randomizations(report: Report) -> None:
    twirled = report["twirled"]
    assert twirled["shots"] == sum(twirled["counts"].values()) == 8 * 50
    assert twirled["counts"]["00"] + twirled["counts"]["11"] > 0.8 * 400


def test_paulis_of_a_bell_state_agree_with_theory_and_show_noise(report: Report) -> None:
    check_bell_paulis(report["paulis"])


def test_expectation_values_are_swept(report: Report) -> None:
    check_estimated_rotations(report["estimated sweep"], angles=report["swept"]["angles"])


def test_readout_mitigation_of_the_client_reduces_the_noise(report: Report) -> None:
    value, error = report["mitigated"]
    assert error > 0
    raw = report["paulis"]["evs"][report["paulis"]["labels"].index("ZZ")]
    assert abs(1 - value) < abs(1 - raw) + ERRORS * error


def test_the_primitives_run_in_a_session(report: Report) -> None:
    program, in_session, status = report["session"]
    assert (program, in_session, status) == ("executor", True, "Closed")
