"""qiskit-ibm-runtime's SamplerV2: circuits in QPY, parameter values as arrays, results in its own encoding."""

from __future__ import annotations

import pytest

from .conftest import Report, RunScript
from .theory import check_bell_counts, check_rotations


@pytest.fixture(scope="module")
def report(run_script: RunScript) -> Report:
    return run_script("qiskit_sampler.py")


def test_counts_of_a_bell_state_agree_with_theory_and_show_noise(report: Report) -> None:
    check_bell_counts(report["bell"], shots=10_000)


def test_metadata_has_the_version_and_the_execution_spans(report: Report) -> None:
    assert report["bell"]["metadata"] == {"circuit_metadata": {"experiment": "bell"}}
    assert report["bell"]["version"] == 2
    assert report["bell"]["span sizes"] == [10_000]


def test_parameter_values_keep_their_shape_and_order(report: Report) -> None:
    swept = report["swept"]
    assert swept["shape"] == [3, 2]
    assert swept["shots"] == 2000
    check_rotations(swept)


def test_the_shots_of_a_pub_precede_the_default(report: Report) -> None:
    shots, ones = report["pub's own shots"]
    assert shots == 500
    assert ones > 450


def test_a_dynamic_circuit_uses_its_measurements(report: Report) -> None:
    dynamic = report["dynamic"]
    assert dynamic["fields"] == ["one", "two"]
    assert dynamic["two"]["11"] > 0.9 * 2000
    assert sum(dynamic["counts"].values()) == 2000


def test_the_input_of_a_job_can_be_read_back(report: Report) -> None:
    assert report["parameters read back"] == pytest.approx([3.14159265, 0])
    assert report["circuit read back"] is True


def test_a_seed_repeats_the_shots(report: Report) -> None:
    assert report["seeds"] == {"same": True, "other": False, "shots": 200}


def test_error_suppression_decides_the_shots(report: Report) -> None:
    suppression = report["suppression"]
    assert suppression["shots"] == 4 * 25
    assert suppression["randomizations"] == 4
    assert suppression["metadata"] == ["execution", "version"]


def test_fractional_gates_run(report: Report) -> None:
    assert {"rx", "rzz"} <= set(report["fractional"]["operations"])
    assert report["fractional"]["shots"] == 100
