"""Everything that IBM's models of results can write is read, in full value, and as IBM's own decoders read it."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS

from qiskit_runtime_rest.results import Array, Bits, Encoded, ExecutionSpans, decode
from qiskit_runtime_rest.results.execution_spans import to_qiskit_spans

from .model_strategies import LATER, documents


def model_of(program: str, version: str, name: str) -> Any:
    return getattr(importlib.import_module(f"ibm_quantum_schemas.{program}.version_{version}"), name)


def by_ibm(program: str, document: Any) -> Any:
    """The document as IBM's first fitting decoder reads it."""
    raw = json.dumps(known(document))
    return next(one for one in DEFAULT_DECODERS[program] if one.is_applicable(raw)).decode(raw)


def known(value: Any) -> Any:
    """The document without the members that the models lack, which IBM's decoders refuse."""
    if isinstance(value, dict):
        return {name: known(part) for name, part in value.items() if name != LATER}
    return [known(part) for part in value] if isinstance(value, list) else value


def check_same(ours: Any, theirs: Any) -> None:
    """A value that we read equals the one that IBM's decoder read, also in its type."""
    if isinstance(ours, Array):
        np.testing.assert_array_equal(ours.to_numpy(), theirs, strict=True)
    elif isinstance(ours, Bits):
        assert ours.to_qiskit() == theirs
    elif isinstance(ours, ExecutionSpans):
        for one, other in zip(to_qiskit_spans(ours), theirs, strict=True):
            assert (type(one), one._data_slices) == (type(other), other._data_slices)
            assert [moment.replace(tzinfo=None) for moment in (one.start, one.stop)] == [other.start, other.stop]
            assert one.start.tzinfo is UTC
    elif isinstance(ours, Encoded) and ours.kind == "LayerError":
        check_same(ours.value["circuit"], theirs.circuit)
        check_same(ours.value.get("error"), theirs.error)
        assert ours.value["qubits"] == theirs.qubits
    elif isinstance(ours, Encoded) and ours.kind == "PauliLindbladError":
        assert list(ours.value["generators"]) == theirs.generators.to_labels()
        check_same(ours.value["rates"], theirs.rates)
    elif isinstance(ours, Encoded):
        assert ours.to_qiskit() == theirs
    elif isinstance(ours, dict):
        assert {*ours} - {LATER} == {*theirs}
        for name in theirs:
            check_same(ours[name], theirs[name])
    elif isinstance(ours, list):
        for one, other in zip(ours, theirs, strict=True):
            check_same(one, other)
    else:
        np.testing.assert_equal(ours, theirs)
        assert type(ours) is type(theirs)


@pytest.mark.parametrize("program", ["sampler", "estimator"])
@given(data=st.data())
def test_primitives(program: str, data: Any) -> None:
    document = data.draw(documents(model_of(program, "0_1", "PrimitiveResultWrapperModel")))
    result = decode(json.dumps(document).encode(), program_id=program)
    theirs = by_ibm(program, document)
    assert result.kind == program
    for pub, other in zip(result, theirs, strict=True):
        assert {*pub.data} == {name for name, field in other.data.items() if field is not None}
        for name, part in pub.data.items():
            check_same(part, other.data[name])
        check_same(pub.metadata, other.metadata)
    check_same(result.metadata, theirs.metadata)
    json.dumps(result.to_dict())


@given(document=documents(model_of("noise_learner_v2", "0_1", "ResultsModel")))
def test_noise_learner(document: Any) -> None:
    result: Any = decode(json.dumps(document).encode(), program_id="noise-learner")
    theirs = by_ibm("noise-learner", document)
    for layer, other in zip(result, theirs, strict=True):
        check_same(layer.circuit, other.circuit)
        assert list(layer.qubits) == other.qubits
        assert (layer.error is None) == (other.error is None)
        if layer.error is not None:
            assert list(layer.error.generators) == other.error.generators.to_labels()
            np.testing.assert_equal(layer.error.rates, other.error.rates)
    check_same(result.metadata, theirs.metadata)


@pytest.mark.parametrize("version", ["0_1", "0_2", "0_3"])
@given(data=st.data())
def test_noise_learner_v3(version: str, data: Any) -> None:
    document = data.draw(documents(model_of("noise_learner_v3", version, "NoiseLearnerV3ResultsModel")))
    result: Any = decode(json.dumps(document).encode(), program_id="noise-learner")
    assert result.kind == "noise-learner-v3"
    model = model_of("noise_learner_v3", version, "NoiseLearnerV3ResultsModel").model_validate(document)
    for item, other in zip(result, model.data, strict=True):
        assert [[[letters, list(at)] for letters, at in terms] for terms in item.generators] == [
            [list(term) for term in terms] for terms in other.generators_sparse
        ]
        assert item.num_qubits == other.num_qubits
        np.testing.assert_equal(item.rates, other.rates.to_numpy())
        np.testing.assert_equal(item.rates_std, other.rates_std.to_numpy())
        assert known(item.metadata) == json.loads(other.metadata.model_dump_json(exclude_unset=True))
    for item, instruction in zip(result, by_ibm("noise-learner", document), strict=True):
        assert item.to_qiskit() == instruction.to_pauli_lindblad_map()


@pytest.mark.parametrize("version", ["0_1", "0_2", "1_0", "1_1", "2_0"])
@given(data=st.data())
def test_executor(version: str, data: Any) -> None:
    document = data.draw(documents(model_of("executor", version, "QuantumProgramResultModel")))
    result, theirs = decode(json.dumps(document).encode(), program_id="executor"), by_ibm("executor", document)
    for item, other in zip(result, theirs, strict=True):
        assert {*item.data} == {*other}
        for name, part in item.data.items():
            check_same(part, other[name])
    for position, item in enumerate(result):
        assert item.metadata == (document["data"][position]["metadata"] or {})
    check_same(known(result.passthrough_data), theirs.passthrough_data)
    chunks = document["metadata"]["chunk_timing"]
    for span, sent in zip(result.metadata["chunk_timing"], chunks, strict=True):
        assert [span.start, span.stop] == [datetime.fromisoformat(sent[name]) for name in ("start", "stop")]
        assert list(span.parts) == sent["parts"]
    json.dumps(result.to_dict())
