"""Noise learner results, v2 and v3, equal those of qiskit-ibm-runtime and IBM's schemas."""

from __future__ import annotations

import importlib
import json
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliList
from qiskit_ibm_runtime.decoders.noise_learner_v3.decoder import NoiseLearnerV3ResultDecoder
from qiskit_ibm_runtime.results.noise_learner import LayerError, NoiseLearnerResult, PauliLindbladError

from qiskit_runtime_rest.errors import ResultDecodeError
from qiskit_runtime_rest.results import Encoded, ItemLacks, LayerNoise, LearnedNoise, decode

from .documents import F64TensorModel, encoded

LABELS, RATES = ("IX", "ZZ", "YI"), (0.01, 0.0, 0.25)
METADATA = {"backend": "ibm_fez", "input_options": {"layer_pair_depths": [0, 1]}}


def layer_circuit() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    return circuit


def learned_layers() -> list[Any]:
    error = PauliLindbladError(PauliList(list(LABELS)), list(RATES))
    return [LayerError(layer_circuit(), [5, 7], error), LayerError(layer_circuit(), [1, 2])]


def document_of_v2(form: str) -> Any:
    if form == "wrapped":
        return NoiseLearnerResult(learned_layers(), METADATA)
    if form == "bare":
        return {"data": learned_layers(), "metadata": METADATA}
    pairs = [
        [
            {"circuit": layer.circuit, "qubits": layer.qubits},
            None if layer.error is None else {"generators": layer.error.generators, "rates": layer.error.rates},
        ]
        for layer in learned_layers()
    ]
    return {"data": pairs, "metadata": METADATA}


@pytest.mark.parametrize("form", ["wrapped", "bare", "pairs"])
def test_layers_of_the_noise_learner(form: str) -> None:
    raw = encoded(document_of_v2(form))
    result = decode(raw, program_id="noise-learner")
    assert (result.kind, len(result), result.metadata) == ("noise-learner", 2, METADATA)
    first, second = result
    assert isinstance(first, LayerNoise)
    assert first.error is not None
    assert (first.qubits, first.error.generators, first.error.rates) == ((5, 7), LABELS, RATES)
    assert isinstance(second, LayerNoise)
    assert (second.qubits, second.error) == ((1, 2), None)
    assert isinstance(first.circuit, Encoded)
    assert first.circuit.to_qiskit() == layer_circuit()
    rebuilt = first.to_qiskit()
    assert (rebuilt.circuit, rebuilt.qubits) == (layer_circuit(), [5, 7])
    assert rebuilt.error.generators == PauliList(list(LABELS))
    assert second.to_qiskit().error is None
    json.dumps(result.to_dict())
    assert repr(first) == "LayerNoise(<2 qubits>, 3 terms)"
    assert repr(second) == "LayerNoise(<2 qubits>, no error)"
    assert "ZZ" in first._repr_html_()
    with pytest.raises(ItemLacks, match="it has circuit, qubits, error"):
        first.counts()


def test_a_wrapped_or_bare_result_is_recognised_without_the_program() -> None:
    for form in ("wrapped", "bare"):
        raw = encoded(document_of_v2(form))
        assert decode(raw).kind == "noise-learner"
    assert decode(raw).to_qiskit()[0].qubits == [5, 7]


def test_damaged_layers_are_refused() -> None:
    for change in ({"rates": [0.1]}, {"generators": [1, 2, 3]}, {"rates": ["a", "b", "c"]}):
        pair = [{"circuit": "AAAA", "qubits": [0]}, {"generators": list(LABELS), "rates": list(RATES)} | change]
        raw = json.dumps({"data": [pair], "metadata": {}}).encode()
        with pytest.raises(ResultDecodeError):
            _ = decode(raw, program_id="noise-learner")[0]
    with pytest.raises(ResultDecodeError, match="not a layer"):
        _ = decode(b'{"data": [1], "metadata": {}}', program_id="noise-learner")[0]


def document_of_v3(version: Any, *, instructions: int = 1) -> bytes:
    schema = importlib.import_module(f"ibm_quantum_schemas.noise_learner_v3.version_{version[1:].replace('.', '_')}")
    success = {} if version == "v0.1" else {"success_rates": {0: {0: 0.5}}}
    model = schema.NoiseLearnerV3ResultsModel(
        data=[
            {
                "generators_sparse": [[("X", [0])], [("ZZ", [0, 1]), ("Y", [1])]],
                "num_qubits": 2,
                "rates": F64TensorModel.from_numpy(np.array([0.1, 0.2])),
                "rates_std": F64TensorModel.from_numpy(np.array([0.01, 0.02])),
                "metadata": {
                    "learning_protocol": "lindblad",
                    "post_selection": {"fraction_kept": {0: 1.0, 1: 0.5}, **success},
                },
            }
        ]
        * instructions
    )
    return str(model.model_dump_json()).encode()


@pytest.mark.parametrize("version", ["v0.1", "v0.2", "v0.3"])
@pytest.mark.parametrize("program_id", [None, "noise-learner", "noise-learner-v3"])
def test_instructions_of_the_noise_learner_v3(version: Any, program_id: str | None) -> None:
    raw = document_of_v3(version)
    result = decode(raw, program_id=program_id)
    (item,) = result
    assert (result.kind, result.metadata) == ("noise-learner-v3", {})
    assert isinstance(item, LearnedNoise)
    assert item.generators == ((("X", (0,)),), (("ZZ", (0, 1)), ("Y", (1,))))
    assert (item.num_qubits, item.rates, item.rates_std) == (2, (0.1, 0.2), (0.01, 0.02))
    assert item.metadata["learning_protocol"] == "lindblad"
    assert item.metadata["post_selection"]["fraction_kept"] == {"0": 1.0, "1": 0.5}
    oracle = NoiseLearnerV3ResultDecoder.decode(raw.decode())
    assert item.to_qiskit() == oracle[0].to_pauli_lindblad_map()
    assert result.to_qiskit()[0].to_pauli_lindblad_map() == oracle[0].to_pauli_lindblad_map()
    assert item.to_numpy()["rates"].tolist() == [0.1, 0.2]
    assert json.loads(json.dumps(item.to_dict()))["generators"][0] == [["X", [0]]]
    assert repr(item) == "LearnedNoise(<2 qubits>, 2 rates)"
    assert "ZZ[0, 1] = Y[1]" in item._repr_html_()


def test_rates_that_do_not_match_their_generators_are_refused() -> None:
    document = json.loads(document_of_v3("v0.2"))
    del document["data"][0]["generators_sparse"][0]
    with pytest.raises(ResultDecodeError, match="1 generators with 2 rates"):
        _ = decode(json.dumps(document).encode())[0]


def test_the_program_identifies_an_empty_result() -> None:
    raw = document_of_v3("v0.2", instructions=0)
    assert decode(raw, program_id="noise-learner").kind == "noise-learner-v3"
    assert len(decode(raw, program_id="noise-learner-v3")) == 0
