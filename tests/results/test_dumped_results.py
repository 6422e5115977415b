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


COUNTED = {
    "backend_name": "ibm_fez",
    "backend_version": "1",
    "qobj_id": "d1abc2",
    "job_id": "d1abc2",
    "success": True,
    "results": [
        {
            "shots": 3,
            "success": True,
            "data": {"counts": {"0x1": 1, "0x6": 2}},
            "header": {"name": "bell", "memory_slots": 3, "creg_sizes": [["a", 1], ["b", 2]]},
        }
    ],
}


@pytest.mark.parametrize("value", [COUNTED, CountsResult.from_dict(COUNTED)], ids=["of a runner", "Result"])
def test_a_result_with_counts_is_read(value: Any, tmp_path: Path) -> None:
    result = RuntimeClient.load_result(dumped(value, tmp_path))
    (item,) = result
    assert isinstance(item, SamplerPub)
    assert (result.kind, list(item.data), result.metadata["backend_name"]) == ("sampler", ["a", "b"], "ibm_fez")
    assert item.bits("a").counts() == {"1": 1, "0": 2}
    assert item.bits("b").counts() == {"00": 1, "11": 2}
    assert item.counts() == {"001": 1, "110": 2}
    assert item.metadata == {"shots": 3}


def test_the_order_of_shots_is_that_of_the_memory(tmp_path: Path) -> None:
    experiment = {
        "shots": 3,
        "success": True,
        "data": {"counts": {"0x0": 2, "0x1": 1}, "memory": ["0x0", "0x1", "0x0"]},
    }
    (item,) = RuntimeClient.load_result(dumped({"results": [experiment]}, tmp_path))
    assert isinstance(item, SamplerPub)
    assert item.bits("meas").bitstrings() == ["0", "1", "0"]


@pytest.mark.parametrize(
    ("data", "header"),
    [
        ({"counts": {"x": 1}}, {}),
        ({"counts": {"0x1": -1}}, {}),
        ({"counts": {"0x1": 10**15}}, {}),
        ({"counts": {"0x1": "1"}}, {}),
        ({"memory": [1]}, {}),
        ({"memory": ["0x7"]}, {"memory_slots": 1}),
        ({"memory": ["0x1"]}, {"creg_sizes": [["a"]]}),
        ({"memory": ["0x1"]}, {"creg_sizes": [["a", 2]], "memory_slots": 1}),
    ],
    ids=str,
)
def test_counts_that_are_damaged_are_an_error(data: Any, header: Any, tmp_path: Path) -> None:
    path = dumped({"results": [{"data": data, "header": header}]}, tmp_path)
    with pytest.raises(ResultDecodeError):
        RuntimeClient.load_result(path)[0]


def test_a_file_that_is_not_json_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(b"<html>sign in</html>")
    with pytest.raises(ResultDecodeError, match="page"):
        RuntimeClient.load_result(path)


def test_an_empty_result_of_an_unknown_program_is_that_of_a_sampler(tmp_path: Path) -> None:
    result = RuntimeClient.load_result(dumped(PrimitiveResult([]), tmp_path, "my.result.json"))
    assert (result.kind, len(result)) == ("sampler", 0)
