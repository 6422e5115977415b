"""A program ends with a result or with a failure of the service's kind, never with an exception."""

from __future__ import annotations

import base64
import io
import pickle
import re
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit_ibm_runtime.decoders.calibrator.decoder import CalibratorResultDecoder

from qiskit_runtime_rest.emulator import devices, programs
from qiskit_runtime_rest.emulator.programs.outcome import Kind
from qiskit_runtime_rest.results import decode

PAGE = Path(__file__).parents[3] / "docs" / "emulator.md"
HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
ROTATION = f"{HEADER} input float a; input float b; bit[1] c; rz(a + b) $0; c[0] = measure $0;"
FLIP = f"{HEADER} bit[1] c; x $0; c[0] = measure $0;"


def wrapped(array: Any) -> dict[str, str]:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode()}


@pytest.mark.parametrize(
    ("params", "code", "hint"),
    [
        ({}, 3211, "pubs"),
        ({"pubs": []}, 3211, "pubs"),
        ({"pubs": FLIP}, 3211, "pubs"),
        ({"pubs": [[]]}, 3211, "0 entries"),
        ({"pubs": [[FLIP, None, 10, 4]]}, 3211, "4 entries"),
        ({"pubs": [[ROTATION, [0.1]]]}, 3211, "pub 0"),
        ({"pubs": [[ROTATION, [0.1, 0.2, 0.3]]]}, 3211, "pub 0"),
        ({"pubs": [[ROTATION]]}, 3211, "number of values (0) does not match the number of parameters (2)"),
        ({"pubs": [[ROTATION, {"a": 1, "phi": 2}]]}, 3211, "no parameter phi"),
        ({"pubs": [[ROTATION, {"a": 1}]]}, 3211, "number of values (1)"),
        ({"pubs": [[ROTATION, ["x", "y"]]]}, 3211, "could not convert"),
        ({"pubs": [[ROTATION, {"__type__": "ndarray", "__value__": "AAAA"}]]}, 3211, "pub 0"),
        ({"pubs": [[ROTATION, []]]}, 3211, "pub 0"),
        ({"pubs": [[ROTATION, wrapped(np.empty((0, 2)))]]}, 3211, "no parameter sets"),
        ({"pubs": [[ROTATION, {"__type__": "ndarray", "__value__": []}]]}, 3211, "pub 0"),
        ({"pubs": [[FLIP, None, 0]]}, 3211, "shots must be positive"),
        ({"pubs": [[FLIP, None, -5]]}, 3211, "shots must be positive"),
        ({"pubs": [[FLIP, None, 1.5]]}, 3211, "shots must be an integer"),
        ({"pubs": [[FLIP]], "options": {"default_shots": 0}}, 3211, "shots must be a positive"),
        ({"pubs": [[FLIP]], "options": []}, None, ""),
        ({"pubs": [[FLIP]], "options": {"execution": 3}}, 3211, "execution must be an object"),
        (
            {"pubs": [[FLIP, None, 10_000_001]]},
            1520,
            "The number of circuit shots 10000001 exceeds the system limit 10000000",
        ),
        ({"pubs": [[ROTATION, [[0.1, 0.2]] * 11, 1_000_000]]}, 1520, "shots 11000000 exceeds"),
        ({"pubs": [[FLIP, None, 6_000_000], [FLIP, None, 6_000_000]]}, 1520, "shots 12000000 exceeds"),
        ({"pubs": [[FLIP]], "options": {"execution": {"meas_type": "both"}}}, 3211, "meas_type must be one of"),
    ],
)
def test_bad_sampler_input_fails_the_job(params: Any, code: int | None, hint: str) -> None:
    outcome = programs.run("sampler", params, device=devices.get("ibm_torino"), seed=1)
    if code is None:
        assert isinstance(outcome, programs.Completed)
    else:
        assert isinstance(outcome, programs.Failure)
        assert (outcome.code, hint in outcome.reason) == (code, True), outcome


@pytest.mark.parametrize(
    ("pub", "hint"),
    [
        ([FLIP], "1 entries"),
        ([FLIP, None], "no observables"),
        ([FLIP, "Q"], "letters"),
        ([FLIP, ["Z", "ZZ"]], "number of qubits"),
        ([FLIP, {}], "pub 0"),
        ([FLIP, []], "no observables"),
        ([FLIP, [[], []]], "no observables"),
        ([FLIP, {"Z": "one"}], "pub 0"),
        ([FLIP, 5], "pub 0"),
        ([FLIP, "Z", None, 0], "precision"),
        ([FLIP, "Z", None, -0.1], "precision"),
        ([FLIP, "Z", None, "fine"], "precision"),
        ([FLIP, ["Z", "Z"], [[], [], []]], "broadcast"),
        ([ROTATION, "Z", [0.1]], "pub 0"),
    ],
)
def test_bad_estimator_input_fails_the_job(failed: Any, pub: Any, hint: str) -> None:
    failure = failed("estimator", {"pubs": [pub]})
    assert failure.code == 3211
    assert hint in failure.reason


@pytest.mark.parametrize(("observables", "index"), [("ZZ", "()"), (["ZZ"], "(0,)")])
def test_an_observable_of_another_width_than_its_circuit_fails_the_job(
    failed: Any, observables: Any, index: str
) -> None:
    failure = failed("estimator", {"pubs": [[FLIP, observables]]})
    assert (failure.code, failure.reason) == (
        1501,
        f"The number of qubits of the circuit (1) does not match the number of qubits of the {index}-th observable (2)",
    )


FRACTIONAL = f"{HEADER} input float a; bit[1] c; rx(a) $0; c[0] = measure $0;"


@pytest.mark.parametrize(
    ("program", "pub", "chosen"),
    [
        ("sampler", [FRACTIONAL, [0.1]], {"options": {"twirling": {"enable_gates": True}}}),
        ("estimator", [FRACTIONAL, "Z", [0.1]], {"options": {"twirling": {"enable_gates": True}}}),
        ("estimator", [FRACTIONAL, "Z", [0.1]], {"resilience_level": 2}),
        ("estimator", [FRACTIONAL, "Z", [0.1]], {"options": {"resilience": {"pec_mitigation": True}}}),
        (
            "estimator",
            [FRACTIONAL, "Z", [0.1]],
            {"options": {"resilience": {"zne_mitigation": True, "zne": {"amplifier": "pea"}}}},
        ),
    ],
)
def test_gate_twirling_does_not_support_fractional_gates(failed: Any, program: str, pub: Any, chosen: Any) -> None:
    failure = failed(program, {"pubs": [pub], **chosen}, backend="fake_fractional")
    assert (failure.code, failure.reason) == (1519, "Gate twirling does not support fractional gates")


def test_fractional_gates_run_without_gate_twirling(completed: Any) -> None:
    measured = {"options": {"twirling": {"enable_measure": True}}}
    completed("sampler", {"pubs": [[FRACTIONAL, [0.1], 10]], **measured}, backend="fake_fractional")


def test_a_very_precise_estimate_has_too_many_executions(failed: Any) -> None:
    failure = failed("estimator", {"pubs": [[FLIP, "Z", None, 1e-4]]})
    assert failure.code == 1520
    assert "100000000" in failure.reason


def test_an_unknown_program_fails_the_job(failed: Any) -> None:
    failure = failed("circuit-runner", {})
    assert failure.code == 3211
    assert "circuit-runner" in failure.reason
    assert "sampler" in failure.solution


def test_a_calibration_says_when_it_ran(completed: Any, failed: Any) -> None:
    body = completed("calibrate", {"schema_version": "v0.1", "options": {}}).body
    found = CalibratorResultDecoder.decode(body)
    assert found.start <= found.stop
    ours = decode(body.encode(), program_id="calibrate")
    assert (ours.kind, ours.metadata["start"], ours.metadata["stop"]) == ("calibrate", found.start, found.stop)
    assert failed("calibrate", {}).code == 3211


def test_an_unexpected_error_is_a_failure_with_its_trace(tmp_path: Path) -> None:
    without_files = devices.Device("ibm_nowhere", devices.Snapshot(tmp_path / "ibm_nowhere", tmp_path))
    failure = programs.run("sampler", {"pubs": [[FLIP]]}, device=without_files, seed=1)
    assert isinstance(failure, programs.Failure)
    assert failure.code == 5203
    assert "ibm_nowhere" in failure.reason
    assert "Traceback" in failure.log


def test_outcomes_travel_between_processes(bell: Any, completed: Any, failed: Any) -> None:
    for outcome in (completed("sampler", {"pubs": [bell(87, 88)], "shots": 10}), failed("sampler", {})):
        assert pickle.loads(pickle.dumps(outcome)) == outcome


@pytest.mark.parametrize("kind", Kind)
def test_the_page_says_how_sure_each_code_is(kind: Kind) -> None:
    rows = re.findall(r"^\| (\d{4})(?:, (\d{4}))? \| .* \| (\w+) \|$", PAGE.read_text(), flags=re.MULTILINE)
    entry = kind.value
    assert (str(entry.code), str(entry.other_code or ""), entry.sure) in rows


def test_each_code_is_one_that_a_job_may_report() -> None:
    assert all(1000 <= kind.value.code <= 9999 for kind in Kind)


def test_the_package_is_imported_without_qiskit() -> None:
    code = (
        "import sys; from qiskit_runtime_rest.emulator import programs, workers;"
        "print([name for name in sys.modules if name in ('qiskit', 'qiskit_ibm_runtime', 'numpy')])"
    )
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout == "[]\n"


def test_plain_jobs_do_not_wait_for_the_import_of_qiskits_client() -> None:
    code = (
        "import sys; from qiskit_runtime_rest.emulator import devices, programs;"
        "device = devices.get('ibmq_manila');"
        f"print(programs.run('sampler', {{'pubs': [{FLIP!r}]}}, device=device, seed=1).metrics.executions);"
        "print('qiskit_ibm_runtime' in sys.modules)"
    )
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout == "4096\nFalse\n"
