"""How shots start, and what measurements return, also where circuits are twirled or decoupled."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import pytest
from ibm_quantum_schemas.sampler.version_0_1 import (  # type: ignore[import-untyped]
    PrimitiveResultWrapperModel as SamplerResultModel,
)
from qiskit_ibm_runtime import RuntimeDecoder

from qiskit_runtime_rest.emulator import devices
from qiskit_runtime_rest.emulator.programs.noise import relaxation_times
from qiskit_runtime_rest.results import decode

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
FLIP = f"{HEADER} bit[1] c; x $87; c[0] = measure $87;"
OBSERVED: Final = "I" * 45 + "Z" + "I" * 87
MEASUREMENTS: Final = {"twirling": {"enable_measure": True}}


DELAY: Final = 1e-4


@pytest.fixture(params=[{}, MEASUREMENTS], ids=["plain", "twirled"])
def way(request: pytest.FixtureRequest) -> Any:
    """The service's own circuits, and those of IBM's client-side primitives."""
    return request.param


def left_over(way: dict[str, Any]) -> float:
    """The chance p that a shot which flips a qubit finds 1 there: p = kept (1 - p).

    A twirled measurement flips each second shot before it measures, so that half of the qubits are left in 1.
    """
    t1, _ = relaxation_times(devices.get("ibm_torino"), 87)
    kept = float(np.exp(-DELAY / t1))
    return kept / 2 if way else kept / (1 + kept)


def test_shots_of_the_sampler_start_in_what_is_left(completed: Any, way: dict[str, Any]) -> None:
    execution = {"init_qubits": False, "rep_delay": DELAY}
    body = completed("sampler", {"pubs": [[FLIP, None, 4000]], "options": {"execution": execution, **way}}).body
    [pub] = decode(body.encode(), program_id="sampler")
    assert pub.counts()["1"] / 4000 == pytest.approx(1 - left_over(way), abs=0.05)


def test_shots_of_the_estimator_start_in_what_is_left(completed: Any, way: dict[str, Any]) -> None:
    options = {"execution": {"init_qubits": False, "rep_delay": DELAY}, "default_precision": 0.02, **way}
    body = completed("estimator", {"pubs": [[f"{HEADER} x $87;", OBSERVED]], "options": options}).body
    [pub] = decode(body.encode(), program_id="estimator")
    assert float(pub.evs) == pytest.approx(-(1 - 2 * left_over(way)), abs=0.1)


@pytest.mark.parametrize("way", [{}, {"twirling": {"enable_gates": True}}, {"dynamical_decoupling": {"enable": True}}])
def test_the_sampler_returns_points(completed: Any, way: dict[str, Any]) -> None:
    """IBM's model and decoder read them, and so does the decoder of this package, in both forms."""
    text = f"{HEADER} input float turn; bit[2] c; sx $87; rz(turn) $87; sx $87; c[0] = measure $87; c[1] = measure $88;"
    for measured, shape in (("kerneled", (2, 400, 2)), ("avg_kerneled", (2, 2))):
        options = {"execution": {"meas_type": measured}, **way}
        params = {"pubs": [[text, [[0.0], [np.pi]], 400]], "options": options}
        body = completed("sampler", {**params, "support_qiskit": True}).body
        SamplerResultModel.model_validate_json(body)
        points = json.loads(body, cls=RuntimeDecoder)[0].data["c"]
        assert (points.shape, points.dtype) == (shape, complex)
        means = points if measured == "avg_kerneled" else points.mean(axis=1)
        # An outcome 1 lies around -1: the first qubit is flipped at angle 0, the second one never.
        assert np.allclose(means, [[-1, 1], [1, 1]], atol=0.15)
        [pub] = decode(body.encode(), program_id="sampler")
        assert np.array_equal(pub.data["c"].to_numpy(), points)
        [plain] = decode(completed("sampler", params).body.encode(), program_id="sampler")
        assert plain.data["c"] == pub.data["c"]


def test_points_cannot_be_twirled(failed: Any) -> None:
    options = {"execution": {"meas_type": "kerneled"}, **MEASUREMENTS}
    failure = failed("sampler", {"pubs": [[FLIP, None, 10]], "options": options})
    assert failure.code == 1521
    assert "meas_type" in failure.reason


def test_the_calibration_of_readout_has_the_shots_that_were_asked_for(completed: Any) -> None:
    """By default 32 randomizations; the estimator's own circuit takes 4 times 100 shots."""
    twirling = {"num_randomizations": 4, "shots_per_randomization": 100}
    for learning, shots in (
        ({}, 3200),
        ({"num_randomizations": 8}, 800),
        ({"num_randomizations": 8, "shots_per_randomization": 50}, 400),
        ({"shots_per_randomization": 25}, 800),
    ):
        options = {"twirling": twirling, "resilience": {"measure_noise_learning": learning}}
        job = {"pubs": [[f"{HEADER} x $87;", OBSERVED]], "options": options, "resilience_level": 1}
        assert completed("estimator", job).metrics.executions == 400 + shots, learning
