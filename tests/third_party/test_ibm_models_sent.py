"""Requests of the client fit IBM's models of params, where the models cover their form.

The models know pubs of full length with packed arrays only, and no `shots` and `precision` beside them. The client
sends what the contract describes.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qpy

from qiskit_runtime_rest import JobRequest

from ..results.documents import packed
from .model_strategies import accepted

TEXT = 'OPENQASM 3.0; include "stdgates.inc"; input float[64] a; bit[1] c; rz(a) $0; c[0] = measure $0;'


def model_of(program: str, name: str, version: str = "0_1") -> Any:
    return getattr(importlib.import_module(f"ibm_quantum_schemas.{program}.version_{version}"), name)


def in_full(pub: list[Any]) -> list[Any]:
    """The pub with its values as a packed array."""
    return [packed(np.array(part)) if index == len(pub) - 2 else part for index, part in enumerate(pub)]


shots = st.integers(1, 1000)
values = st.lists(st.floats(-4, 4), min_size=1, max_size=1)
precision = st.floats(0.01, 1)
terms = st.dictionaries(st.sampled_from("IXYZ"), st.floats(-2, 2), min_size=1)
observables = st.lists(terms, min_size=1, max_size=2)
circuits = st.just(TEXT)


@given(
    options=accepted(model_of("sampler", "OptionsModel")),
    pubs=st.lists(st.tuples(circuits, values, shots), min_size=1),
)
def test_sampler(options: Any, pubs: Any) -> None:
    request = JobRequest.sampler(pubs, options=options, backend="ibm_fez")
    params = {**request.params, "pubs": [in_full(pub) for pub in request.params["pubs"]]}
    model_of("sampler", "ParamsModel").model_validate(params)
    assert request.params.get("options", {}) == options


@pytest.mark.parametrize("level", [None, 0, 1, 2])
@given(
    options=accepted(model_of("estimator", "OptionsModel")),
    pubs=st.lists(st.tuples(circuits, observables, values, precision), min_size=1),
)
def test_estimator(level: int | None, options: Any, pubs: Any) -> None:
    request = JobRequest.estimator(pubs, options=options, resilience_level=level, backend="ibm_fez")
    params = {**request.params, "pubs": [in_full(pub) for pub in request.params["pubs"]]}
    model_of("estimator", "ParamsModel").model_validate(params)


@given(options=accepted(model_of("noise_learner_v2", "OptionsModel")), circuits=st.lists(circuits, min_size=1))
def test_noise_learner(options: Any, circuits: Any) -> None:
    params = {"version": 2, "circuits": circuits, "options": options}
    sent = json.loads(JobRequest(program_id="noise-learner", backend="ibm_fez", params=params).to_json())["params"]
    model_of("noise_learner_v2", "ParamsModel").model_validate(sent)
    assert sent == params


@pytest.mark.parametrize("version", ["0_1", "0_2", "0_3"])
@given(data=st.data())
def test_noise_learner_v3(version: str, data: Any) -> None:
    written = io.BytesIO()
    qpy.dump(QuantumCircuit(1), written, version=16)
    options = data.draw(accepted(model_of("noise_learner_v3", "OptionsModel", version)))
    params = {
        "schema_version": f"v{version.replace('_', '.')}",
        "instructions": {"circuit_b64": base64.b64encode(written.getvalue()).decode(), "qpy_version": 16},
        "options": options,
    }
    sent = json.loads(JobRequest(program_id="noise-learner", backend="ibm_fez", params=params).to_json())["params"]
    model_of("noise_learner_v3", "ParamsModel", version).model_validate(sent)
    assert sent == params
