"""Estimator results in every format equal those of qiskit-ibm-runtime."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from qiskit.primitives.containers import DataBin, PrimitiveResult, PubResult
from qiskit_ibm_runtime.results.estimator_pub import EstimatorPubResult

from qiskit_runtime_rest.results import EstimatorPub, ItemLacks, decode

from .documents import encoded, table_of

FLOATS = st.floats(-2, 2)
METADATA = {
    "shots": 4096,
    "target_precision": 0.015625,
    "circuit_metadata": {},
    "resilience": {},
    "num_randomizations": 32,
}


def plain(result: Any) -> bytes:
    pubs = [
        {"data": {name: np.asarray(part).tolist() for name, part in pub.data.items()}, "metadata": pub.metadata}
        for pub in result
    ]
    return json.dumps({"results": pubs, "metadata": result.metadata}).encode()


@st.composite
def estimator_results(draw: st.DrawFn) -> Any:
    pubs = []
    for _ in range(draw(st.integers(1, 3))):
        shape = draw(st.sampled_from([(), (1,), (4,), (2, 3)]))
        values = {name: draw(hnp.arrays(float, shape, elements=FLOATS)) for name in ("evs", "stds")}
        if draw(st.booleans()):
            values["ensemble_standard_error"] = draw(hnp.arrays(float, shape, elements=FLOATS))
        made = draw(st.sampled_from([PubResult, EstimatorPubResult]))
        pubs.append(made(DataBin(shape=shape, **values), metadata=METADATA))
    return PrimitiveResult(pubs, metadata={"version": 2})


@given(oracle=estimator_results(), encode=st.sampled_from([encoded, plain]))
def test_values_and_errors_are_plain_floats_or_lists(oracle: Any, encode: Callable[[Any], bytes]) -> None:
    result = decode(encode(oracle))
    assert (result.kind, len(result), result.metadata) == ("estimator", len(oracle), oracle.metadata)
    for pub, expected in zip(result, oracle, strict=True):
        assert isinstance(pub, EstimatorPub)
        assert pub.evs == expected.data.evs.tolist()
        assert pub.stds == expected.data.stds.tolist()
        assert type(pub.evs) is (list if pub.shape else float)
        assert pub.shape == expected.data.evs.shape
        assert pub.metadata == METADATA
        if "ensemble_standard_error" in expected.data:
            assert pub.ensemble_standard_error == expected.data.ensemble_standard_error.tolist()
        else:
            assert pub.ensemble_standard_error is None
        for name, array in pub.to_numpy().items():
            np.testing.assert_array_equal(array, expected.data[name], strict=True)


@given(oracle=estimator_results())
def test_both_formats_are_equal_also_in_qiskit(oracle: Any) -> None:
    assert decode(encoded(oracle)) == decode(plain(oracle))
    json.dumps(decode(encoded(oracle)).to_dict())
    for encode in (encoded, plain):
        rebuilt = decode(encode(oracle)).to_qiskit()
        assert rebuilt.metadata == oracle.metadata
        for pub, expected in zip(rebuilt, oracle, strict=True):
            assert pub.metadata == expected.metadata
            assert pub.data.shape == expected.data.shape
            for name, array in expected.data.items():
                np.testing.assert_array_equal(pub.data[name], array)


def test_bare_numbers_and_zero_noise_extrapolation() -> None:
    data = {"evs": 1, "stds": 0.25, "evs_noise_factors": [[1, 2.5]], "ensemble_standard_error": None}
    document: dict[str, Any] = {"results": [{"data": data, "metadata": {}}], "metadata": {}}
    pub = decode(json.dumps(document).encode())[0]
    assert isinstance(pub, EstimatorPub)
    assert (pub.evs, pub.stds, pub.ensemble_standard_error) == (1.0, 0.25, None)
    assert type(pub.evs) is float
    assert pub.data["evs_noise_factors"].tolist() == [[1.0, 2.5]]
    assert set(pub.data) == {"evs", "stds", "evs_noise_factors"}
    bare = {"__type__": "DataBin", "__value__": {"shape": [], "fields": {"evs": 0.5, "stds": 0.1}}}
    pubs = [{"__type__": "PubResult", "__value__": {"data": bare, "metadata": {}}}]
    document = {"__type__": "PrimitiveResult", "__value__": {"pub_results": pubs, "metadata": {}}}
    assert decode(json.dumps(document).encode())[0].evs == 0.5


def test_nan_and_infinity_are_kept() -> None:
    data = {"evs": [math.nan, 1.0], "stds": [math.inf, 0.0]}
    pub = decode(json.dumps({"results": [{"data": data}]}).encode())[0]
    assert math.isnan(pub.evs[0])
    assert pub.stds == [math.inf, 0.0]
    assert pub == decode(json.dumps({"results": [{"data": data}]}).encode())[0]


def test_resilience_metadata_with_names_of_extrapolators() -> None:
    metadata = {"resilience": {"zne": {"extrapolator": np.array(["linear", "exponential"]), "one": np.array("linear")}}}
    oracle = PrimitiveResult([PubResult(DataBin(evs=np.array(0.5)), metadata=metadata)])
    found = decode(encoded(oracle))[0].metadata["resilience"]["zne"]
    assert found["extrapolator"].tolist() == ["linear", "exponential"]
    bare = encoded(oracle).decode()
    document = json.loads(bare)
    inside = document["__value__"]["pub_results"][0]["__value__"]["metadata"]["resilience"]["zne"]
    inside["one"]["__value__"] = "polynomial_degree_2"
    assert decode(json.dumps(document).encode())[0].metadata["resilience"]["zne"]["one"] == "polynomial_degree_2"


def test_an_estimator_pub_has_no_counts() -> None:
    pub = decode(b'{"results": [{"data": {"evs": 0.5}}]}')[0]
    assert pub.stds is None
    with pytest.raises(ItemLacks, match=r"an estimator's pub has no measured bits; it has evs"):
        pub.counts()
    with pytest.raises(TypeError):
        pub.bitstrings()


def test_errors_of_another_shape_than_the_values_are_no_column() -> None:
    result = decode(b'{"results": [{"data": {"evs": [0.5, 1.0], "stds": 0.25}}]}')
    assert result.to_rows() == [{"pub": 0, "index_0": 0, "ev": 0.5}, {"pub": 0, "index_0": 1, "ev": 1.0}]


def test_reprs_show_few_values_and_shapes_of_many() -> None:
    few = decode(b'{"results": [{"data": {"evs": 0.5, "stds": 0.25, "<b>": 1}}]}')
    assert repr(few[0]) == "EstimatorPub(evs=0.5, stds=0.25)"
    assert "&lt;b&gt;" in table_of(few[0])
    many = decode(json.dumps({"results": [{"data": {"evs": [0.5] * 20}}]}).encode())
    assert repr(many[0]) == "EstimatorPub(<shape=(20,)>)"
    assert "20 expectation values" in table_of(many)
