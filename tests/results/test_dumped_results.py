"""`load_result` reads what people wrote themselves with the encoder of qiskit-ibm-runtime, and downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit.primitives.containers import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit.result import Result as CountsResult
from qiskit_ibm_runtime import RuntimeEncoder

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.errors import ResultDecodeError
from qiskit_runtime_rest.results import EstimatorPub, SamplerPub

BITS = BitArray.from_samples(["00", "11", "11"])
SWEPT = BitArray.from_bool_array(np.array([[[0, 1]], [[1, 1]]], dtype=bool))
DATA = DataBin(c=BITS)
PUB = SamplerPubResult(DATA, metadata={"shots": 3})
ESTIMATE = PubResult(DataBin(evs=np.array([0.5, -1.0]), stds=np.zeros(2), shape=(2,)))


def dumped(value: Any, folder: Path, name: str = "bell.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(value, cls=RuntimeEncoder))
    return path


@pytest.mark.parametrize(
    ("value", "length", "register"),
    [
        (PrimitiveResult([PUB]), 1, "c"),
        (PUB, 1, "c"),
        (PubResult(DATA), 1, "c"),
        ([PUB, PUB], 2, "c"),
        (DATA, 1, "c"),
        ([DATA, DATA], 2, "c"),
        (BITS, 1, "meas"),
        ([BITS, BITS], 2, "meas"),
    ],
    ids=["result", "pub", "plain pub", "pubs", "data", "data of pubs", "bits", "bits of pubs"],
)
@pytest.mark.parametrize("name", ["bell.json", "job-d1abc2-result.json", "job-d1abc2-result (1).json", "bell.txt"])
def test_parts_of_a_sampler_result_are_read(value: Any, length: int, register: str, name: str, tmp_path: Path) -> None:
    result = RuntimeClient.load_result(dumped(value, tmp_path, name))
    assert (result.kind, len(result)) == ("sampler", length)
    for item in result:
        assert isinstance(item, SamplerPub)
        assert list(item.data) == [register]
        assert item.counts() == BITS.get_counts()


def test_bits_of_a_sweep_keep_their_shape(tmp_path: Path) -> None:
    (item,) = RuntimeClient.load_result(dumped(SWEPT, tmp_path))
    assert isinstance(item, SamplerPub)
    assert item.shape == (2,)
    assert [item.counts(index=position) for position in range(2)] == [SWEPT.get_counts(loc=i) for i in range(2)]


@pytest.mark.parametrize("value", [PrimitiveResult([ESTIMATE]), ESTIMATE, [ESTIMATE], ESTIMATE.data], ids=type)
def test_parts_of_an_estimator_result_are_read(value: Any, tmp_path: Path) -> None:
    result = RuntimeClient.load_result(dumped(value, tmp_path))
    (item,) = result
    assert isinstance(item, EstimatorPub)
    assert (result.kind, item.evs, item.shape) == ("estimator", [0.5, -1.0], (2,))


@pytest.mark.parametrize(
    "value",
    [
        {"00": 510, "11": 514},
        [],
        [PUB, 1],
        [1, 2],
        None,
        "a text",
        np.zeros(2),
        {"id": "d1abc2", "status": "Completed", "params": {}},
        CountsResult(results=[]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", ["bell.json", "job-d1abc2-result.json", "bell.txt"])
def test_anything_else_is_an_error_that_keeps_the_bytes(value: Any, name: str, tmp_path: Path) -> None:
    path = dumped(value, tmp_path, name)
    with pytest.raises(ResultDecodeError, match=rf"{name.partition('.')[0]}.*RuntimeEncoder") as failure:
        RuntimeClient.load_result(path)
    assert failure.value.raw == path.read_bytes()


def test_a_file_that_is_not_json_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(b"<html>sign in</html>")
    with pytest.raises(ResultDecodeError, match="page"):
        RuntimeClient.load_result(path)


def test_an_empty_result_of_an_unknown_program_is_that_of_a_sampler(tmp_path: Path) -> None:
    result = RuntimeClient.load_result(dumped(PrimitiveResult([]), tmp_path, "my.result.json"))
    assert (result.kind, len(result)) == ("sampler", 0)
