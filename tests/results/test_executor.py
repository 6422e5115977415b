"""Executor results of every schema version equal those of IBM's schemas and qiskit-ibm-runtime's decoders."""

from __future__ import annotations

import datetime
import importlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from qiskit.primitives.containers import BitArray
from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS

from qiskit_runtime_rest.errors import ResultDecodeError
from qiskit_runtime_rest.results import ChunkSpan, ExecutorItem, ItemLacks, SamplerPub, decode

from .documents import CompressedTensorModel, TensorModel, table_of

VERSIONS = ["v0.1", "v0.2", "v1.0", "v1.1", "v2.0"]
START = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
STOP = START + datetime.timedelta(seconds=1.5)
TIMING = {"scheduler_timing": {"timing": "main,barrier,0,0,0", "circuit_duration": 5000}, "stretch_values": None}


def tensor(array: Any, version: str) -> Any:
    return (CompressedTensorModel if version == "v2.0" else TensorModel).from_numpy(array)


def executor_document(items: list[dict[str, Any]], version: str, *, timing: bool = False, **more: Any) -> bytes:
    """A document that IBM's own schema of this version accepts, as the service writes it."""
    schema = importlib.import_module(f"ibm_quantum_schemas.executor.version_{version[1:].replace('.', '_')}")
    part: dict[str, Any] = {"idx_item": 0, "size": 4}
    if version >= "v1.0":
        part |= {"permutation": [0], "element_range": [0, 4, 1]}
    metadata = None if version == "v0.1" else TIMING if timing else {}
    model = schema.QuantumProgramResultModel(
        data=[
            {"results": {name: tensor(array, version) for name, array in item.items()}, "metadata": metadata}
            for item in items
        ],
        metadata={"chunk_timing": [{"start": START, "stop": STOP, "parts": [part]}]},
        **more,
    )
    return str(model.model_dump_json()).encode()


def by_ibm(raw: bytes) -> Any:
    decoded = raw.decode()
    for decoder in DEFAULT_DECODERS["executor"]:
        if decoder.is_applicable(decoded):
            decoded = decoder.decode(decoded)
    return decoded


shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
arrays = st.sampled_from([np.float64, np.bool_, np.uint8, np.complex128]).flatmap(lambda kind: hnp.arrays(kind, shapes))
FURTHER_TYPES = ("f2", "f4", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "c8")
more_arrays = st.sampled_from(FURTHER_TYPES).flatmap(lambda kind: hnp.arrays(kind, shapes))


@given(
    items=st.lists(st.dictionaries(st.text(max_size=5), arrays, max_size=3), min_size=1, max_size=2),
    version=st.sampled_from(VERSIONS),
)
def test_tensors_of_every_version_equal_those_of_ibm(items: list[dict[str, Any]], version: str) -> None:
    raw = executor_document(items, version)
    result = decode(raw, program_id="executor")
    assert (result.kind, len(result)) == ("executor", len(items))
    for item, expected in zip(result, by_ibm(raw), strict=True):
        assert isinstance(item, ExecutorItem)
        assert list(item.data) == list(expected)
        for name, array in item.to_numpy().items():
            np.testing.assert_array_equal(array, expected[name], strict=True)
    json.dumps(result.to_dict())


@given(array=more_arrays)
def test_the_further_types_of_compressed_tensors(array: Any) -> None:
    raw = executor_document([{"x": array}], "v2.0")
    np.testing.assert_array_equal(decode(raw)[0].data["x"].to_numpy(), array, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_metadata_has_the_times_of_chunks_and_the_schedules_of_items(version: str) -> None:
    result = decode(executor_document([{"c": np.zeros((4, 5, 2), bool)}], version, timing=True))
    (chunk,) = result.metadata["chunk_timing"]
    assert isinstance(chunk, ChunkSpan)
    assert (chunk.start, chunk.stop, chunk.duration) == (START, STOP, 1.5)
    assert chunk.parts[0]["idx_item"] == 0
    expected = {} if version == "v0.1" else TIMING["scheduler_timing"]
    assert (result[0].metadata.get("scheduler_timing") or {}) == expected


def test_times_without_a_zone_are_utc_and_metadata_can_be_null() -> None:
    raw = executor_document([{"c": np.zeros((1, 1), bool)}], "v0.1").replace(b"12:00:00Z", b"12:00:00")
    assert decode(raw).metadata["chunk_timing"][0].start == START
    document = json.loads(raw)
    document["metadata"] = None
    assert decode(json.dumps(document).encode()).metadata == {"chunk_timing": ()}


@given(
    flags=hnp.arrays(bool, st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 12))),
    version=st.sampled_from(VERSIONS),
)
def test_counts_of_registers_equal_those_of_qiskit(flags: Any, version: str) -> None:
    item = decode(executor_document([{"c": flags, "other": np.zeros(3)}], version))[0]
    oracle = BitArray.from_bool_array(flags, order="little")
    assert isinstance(item, ExecutorItem)
    assert item.registers() == ["c"]
    assert item.counts() == oracle.get_counts()
    assert item.bitstrings(register="c") == oracle.get_bitstrings()
    assert item.counts(index=0) == oracle.get_counts(0)


def twirled_item(
    generator: np.random.Generator, *, shape: tuple[int, ...], randomizations: int, shots: int, num_bits: int
) -> dict[str, Any]:
    flips = (randomizations, *(1 for _ in shape), 1, num_bits)
    return {
        "c": generator.integers(0, 2, (randomizations, *shape, shots, num_bits)).astype(bool),
        "d": generator.integers(0, 2, (randomizations, *shape, shots, 3)).astype(bool),
        "measurement_flips.c": generator.integers(0, 2, flips).astype(bool),
        "measurement_flips.d": generator.integers(0, 2, (randomizations, *shape, 1, 3)).astype(bool),
    }


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_flips_of_twirled_measurements_are_undone(shape: tuple[int, ...]) -> None:
    arrays = twirled_item(np.random.default_rng(1), shape=shape, randomizations=4, shots=6, num_bits=11)
    item = decode(executor_document([arrays], "v1.0"))[0]
    expected = BitArray.from_bool_array(arrays["c"] ^ arrays["measurement_flips.c"], order="little")
    assert isinstance(item, ExecutorItem)
    assert item.registers() == ["c", "d"]
    assert item.counts(register="c") == expected.get_counts()
    assert item.bitstrings(register="c") == expected.get_bitstrings()


@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v2.0"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
@pytest.mark.parametrize("twirling", [False, True])
def test_jobs_of_the_client_side_sampler_are_sampler_results(
    version: str, shape: tuple[int, ...], twirling: bool
) -> None:
    generator = np.random.default_rng(2)
    arrays = twirled_item(generator, shape=shape, randomizations=4, shots=5, num_bits=9)
    if not twirling:
        arrays = {name: arrays[name][0] for name in "cd"}
    settings = {
        "version": "v0.1",
        "twirling": twirling,
        "meas_type": "classified",
        "shots": 20,
        "options": {"default_shots": 20},
        "circuits_metadata": [{"mine": 1}, None],
    }
    raw = executor_document(
        [arrays, arrays],
        version,
        timing=True,
        passthrough_data={"post_processor": settings},
        semantic_role="sampler_v2",
    )
    result, oracle = decode(raw, program_id="executor"), by_ibm(raw)
    assert (result.kind, len(result)) == ("sampler", 2)
    for pub, expected in zip(result, oracle, strict=True):
        assert isinstance(pub, SamplerPub)
        assert pub.shape == expected.data.shape
        assert pub.counts() == expected.join_data().get_counts()
        assert pub.bitstrings(register="c") == expected.data.c.get_bitstrings()
        assert pub.to_qiskit().data.c == expected.data.c
        assert pub.metadata["circuit_metadata"] == expected.metadata["circuit_metadata"]
        assert pub.metadata.get("num_randomizations") == expected.metadata.get("num_randomizations")
        assert pub.metadata["compilation"] == expected.metadata["compilation"]
    assert (result.metadata["shots"], result.metadata["options"]) == (20, {"default_shots": 20})
    assert result.to_qiskit()[0].data.c == oracle[0].data.c


@pytest.mark.parametrize(("measured", "suffix", "shots"), [("kerneled", "_iq", (5,)), ("avg_kerneled", "_avg_iq", ())])
@pytest.mark.parametrize("twirling", [False, True])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_level_1_data_of_the_client_side_sampler(
    measured: str, suffix: str, shots: tuple[int, ...], twirling: bool, shape: tuple[int, ...]
) -> None:
    size = (*((4,) if twirling else ()), *shape, *shots, 2, 2)
    values = np.random.default_rng(0).normal(size=size) @ [1, 1j]
    settings = {"version": "v0.1", "twirling": twirling, "meas_type": measured, "shots": 20, "options": {}}
    raw = executor_document(
        [{f"c{suffix}": values}],
        "v1.0",
        passthrough_data={"post_processor": settings},
        semantic_role="sampler_v2",
    )
    pub, expected = decode(raw)[0], by_ibm(raw)[0]
    assert isinstance(pub, SamplerPub)
    assert pub.shape == expected.data.shape
    np.testing.assert_allclose(pub.data["c"].to_numpy(), expected.data.c, rtol=1e-15)


def test_tensors_in_passthrough_data_are_unpacked() -> None:
    array = np.arange(6.0).reshape(2, 3)
    for version in ("v0.2", "v2.0"):
        left = {"mine": [tensor(array, version), {"deep": "text", "data": 1}], "none": None}
        result = decode(executor_document([{}], version, passthrough_data=left))
        assert result.passthrough_data["mine"][0].tolist() == array.tolist()
        assert result.passthrough_data["mine"][1] == {"deep": "text", "data": 1}
        assert result.passthrough_data["none"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "f128"},
        {"shape": [3]},
        {"shape": [-1]},
        {"shape": [10**12, 0]},
        {"shape": "2"},
        {"data": "!!!!"},
        {"data": 3},
        {"data": "AAAA"},
    ],
)
@pytest.mark.parametrize("version", ["v0.2", "v2.0"])
def test_damaged_tensors_are_refused_with_the_bytes_kept(change: dict[str, Any], version: str) -> None:
    document = json.loads(executor_document([{"x": np.arange(2.0)}], version))
    document["data"][0]["results"]["x"] |= change
    raw = json.dumps(document).encode()
    with pytest.raises(ResultDecodeError) as caught:
        _ = decode(raw)[0]
    assert caught.value.raw == raw


@pytest.mark.parametrize("flips", [(2, 1, 3), (3, 5, 2), (5, 1, 2), (1, 3, 1, 2)])
def test_flips_that_do_not_fit_are_refused(flips: tuple[int, ...]) -> None:
    arrays = {"c": np.zeros((3, 4, 2), bool), "measurement_flips.c": np.zeros(flips, bool)}
    item = decode(executor_document([arrays], "v0.2"))[0]
    with pytest.raises(ValueError, match="flips"):
        item.counts()


def test_items_name_their_tensors() -> None:
    item = decode(executor_document([{"<c>": np.zeros((4, 2), bool)}], "v0.2"))[0]
    assert repr(item) == "ExecutorItem(<c>: bool (4, 2))"
    assert "&lt;c&gt;" in table_of(item)
    with pytest.raises(ItemLacks, match="an executor's item has no evs"):
        _ = item.evs
    with pytest.raises(KeyError, match="no register 'd'"):
        item.counts(register="d")
    assert decode(executor_document([{"c": np.zeros((4, 2), bool)}], "v0.2")).to_qiskit()[0]["c"].shape == (4, 2)


def test_an_empty_program_has_no_items() -> None:
    assert len(decode(executor_document([], "v0.2"))) == 0
