"""Large results are the same as small ones, and need little memory."""

from __future__ import annotations

import base64
import json
import mmap
import pickle
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qiskit_runtime_rest.errors import ResultDecodeError
from qiskit_runtime_rest.results import Array, decode, load_result
from qiskit_runtime_rest.results.large_documents import LARGE_BYTES, STEP

from .documents import packed, wrapped_pubs

PADDING = "x " * (LARGE_BYTES // 2)
RANDOM = np.random.default_rng(7)


def large(document: Any) -> bytes:
    """The document's bytes, more than are parsed whole."""
    raw = json.dumps({**document, "padding": PADDING}).encode()
    assert len(raw) >= LARGE_BYTES
    return raw


def wrapped(fields: dict[str, Any]) -> dict[str, Any]:
    document = wrapped_pubs(fields)
    document["__value__"]["pub_results"][0]["__value__"]["metadata"] = {"note": "kept: " + "ab" * 40000}
    return document


def plain(samples: Any, num_bits: Any = 9) -> dict[str, Any]:
    register = {"samples": samples, "num_bits": num_bits}
    return {"results": [{"data": {"c": register}, "metadata": {}}], "metadata": {}}


def test_large_packed_bits_are_decoded_exactly() -> None:
    rows = RANDOM.integers(0, 256, (80_000, 2), np.uint8)
    bits = {"__type__": "BitArray", "__value__": {"array": packed(rows), "num_bits": 16}}
    result = decode(large(wrapped({"c": bits, "iq": packed(RANDOM.normal(size=(80_000, 2)).view(complex))})))
    assert result.kind == "sampler"
    assert result[0].data["c"].rows == rows.tobytes()
    assert result[0].data["iq"].dtype == "complex128"
    assert result[0].metadata == {"note": "kept: " + "ab" * 40000}


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("separators", [None, (",", ":"), (" ,\r\n\t", " : ")], ids=["usual", "tight", "loose"])
def test_large_lists_of_samples_are_decoded_exactly(shape: tuple[int, ...], separators: tuple[str, str] | None) -> None:
    values = RANDOM.integers(0, 512, (*shape, 60_000))
    samples = np.vectorize(hex)(values).tolist()
    document = {**plain(samples), "padding": PADDING}
    result = decode(json.dumps(document, separators=separators).encode(), program_id="sampler")
    bits = result[0].data["c"]
    assert (bits.shape, bits.num_shots, bits.num_bits) == (shape, 60_000, 9)
    assert bits.ints() == values.ravel().tolist()
    assert bits == decode(json.dumps(plain(samples)).encode())[0].data["c"]
    assert result.value == document


def test_long_and_short_lists_of_samples_are_joined() -> None:
    samples = [["0x0"] * 30, ["0x1ff"] * 30, ["0x1ff"] * 30]
    bits = decode(large(plain(samples)))[0].data["c"]
    assert [part.counts() for part in bits] == [{"0" * 9: 30}, {"1" * 9: 30}, {"1" * 9: 30}]


@pytest.mark.parametrize(
    "samples",
    [
        ["0x1"] * 100 + ["0x200"],
        ["0x1"] * 100 + [1],
        ["0x1"] * 100 + ["1"],
        [["0x1"] * 100, ["0x1"] * 99],
        [["0x1"] * 100, "0x1"],
        [["0x1"] * 100, [["0x1"] * 100]],
    ],
    ids=["too many bits", "a number", "no 0x", "ragged", "a text among lists", "deeper"],
)
def test_invalid_samples_are_an_error_with_the_bytes(samples: Any) -> None:
    raw = large(plain(samples))
    result = decode(raw)
    with pytest.raises(ResultDecodeError) as failure:
        result[0]
    assert failure.value.raw == raw


@pytest.mark.parametrize("junk", ['"0x1" "0x1"', '"0x1",,"0x1"', '"0x1"', '"0x1", 0x1'])
def test_invalid_json_inside_long_lists_of_samples_is_an_error(junk: str) -> None:
    tail = "," if junk == '"0x1"' else ""
    listed = f"[{', '.join([junk] * 100)}{tail}]"
    raw = f'{{"results": [{{"data": {{"c": {{"samples": {listed}, "num_bits": 1}}}}}}], "p": "{PADDING}"}}'.encode()
    with pytest.raises(ResultDecodeError):
        decode(raw)[0]


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.999])
def test_a_large_document_that_is_cut_short_is_an_error(cut: float) -> None:
    raw = large(plain(["0x1"] * 400_000))
    with pytest.raises(ResultDecodeError):
        decode(raw[: int(cut * len(raw))])[0]


TEXT = "A" * 70_000
TRICKY = {
    "samples": [TEXT, ["0x1"] * 200, {"samples": ["0x2"] * 200}],
    "of a user": {"samples": ["0x3"] * 200, "nested": {"samples": [[["0x4"] * 200], ["0x5"] * 200]}},
    "with bits": {"samples": ["0x6"] * 200, "num_bits": 3},
    "long": TEXT,
    "escaped": f'{TEXT}\n"samples": ["{TEXT}',
    'a key\\"samples': ["0x7"] * 200,
    'another\\"samples': [["0x7"] * 200],
    "ends in a colon:": ["so does this:", 1.5] + [10] * 60_000 + ["0x8"],
    "not base64": TEXT + "é",
    "packed": {"data": TEXT, "shape": [1], "dtype": "of mine"},
}


def test_a_document_of_an_unknown_format_equals_the_parsed_json() -> None:
    raw = large(TRICKY)
    result = decode(raw)
    assert result.kind == "json"
    assert result.value == json.loads(raw)


def test_metadata_with_long_texts_and_lists_equals_the_parsed_json() -> None:
    raw = large({**plain(["0x1"] * 300), "metadata": TRICKY})
    metadata = decode(raw).metadata
    expected = {name: value for name, value in TRICKY.items() if name not in ("with bits", "packed")}
    assert {name: metadata[name] for name in expected} == expected


@pytest.mark.parametrize("compressed", [False, True])
def test_large_tensors_are_decoded_exactly(compressed: bool) -> None:
    values = RANDOM.normal(size=(300, 100))
    data = values.tobytes()
    tensor = {
        "data": base64.b64encode(zlib.compress(data) if compressed else data).decode(),
        "shape": [300, 100],
        "dtype": "f64",
    }
    item = {"results": {"x": tensor}, "metadata": None}
    document = {"schema_version": "v2.0" if compressed else "v0.2", "data": [item], "passthrough_data": {"t": tensor}}
    result = decode(large(document))
    assert result.kind == "executor"
    assert result[0].data["x"] == Array(data, dtype="float64", shape=(300, 100))
    assert result.passthrough_data["t"] == result[0].data["x"]


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-5], lambda text: text[:70000] + "=" + text[70001:], lambda text: text + "AAAA"]
)
def test_a_damaged_tensor_is_an_error(damage: Any) -> None:
    text = base64.b64encode(RANDOM.bytes(300_000)).decode()
    tensor = {"data": damage(text), "shape": [300_000], "dtype": "u8"}
    result = decode(large({"schema_version": "v0.2", "data": [{"results": {"x": tensor}}]}))
    with pytest.raises(ResultDecodeError):
        result[0]


def test_a_mapped_file_reads_and_compares_and_pickles_as_its_bytes(tmp_path: Path) -> None:
    raw = large(plain(["0x1", "0x2"] * 1000))
    path = tmp_path / "x.sampler.json"
    path.write_bytes(raw)
    result = load_result(path)
    path.unlink()
    assert result.raw == raw
    assert result == decode(raw, program_id="sampler")
    assert pickle.loads(pickle.dumps(result)) == result
    assert repr(result) == f"Result(sampler, 1 item, {len(raw)} bytes)"
    with path.open("wb+") as file:
        file.write(raw)
        file.flush()
        assert decode(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))[0] == result[0]


MEASURE = """
import sys, tracemalloc
from qiskit_runtime_rest.results import load_result
load_result(sys.argv[1])[0].data["c"].rows  # leaves imports and tables out of the measurement
tracemalloc.start()
rows = load_result(sys.argv[1])[0].data["c"].rows
print(tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.parametrize("form", ["wrapped", "plain"])
def test_decoding_takes_less_memory_than_the_payload(form: str, tmp_path: Path) -> None:
    if form == "wrapped":
        rows = RANDOM.integers(0, 256, (600_000, 16), np.uint8)
        bits = {"__type__": "BitArray", "__value__": {"array": packed(rows), "num_bits": 128}}
        raw = json.dumps(wrapped({"c": bits})).encode()
    else:
        raw = json.dumps(plain([hex(value) for value in RANDOM.integers(0, 2**20, 1_000_000)], 20)).encode()
    path = tmp_path / "j.sampler.json"
    path.write_bytes(raw)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    # The mapped file adds one payload, which the system can free at any time.
    assert int(done.stdout) < 1.0 * len(raw)


def test_base64_that_continues_after_its_end_is_an_error_at_any_size() -> None:
    ended = base64.b64encode(bytes(STEP // 4 * 3 - 2)).decode()
    assert (len(ended), ended[-2:]) == (STEP, "==")
    text = ended + base64.b64encode(bytes(3)).decode()
    tensor = {"data": text, "shape": [STEP // 4 * 3 + 1], "dtype": "u8"}
    for raw in (
        large({"schema_version": "v0.2", "data": [{"results": {"x": tensor}}]}),
        json.dumps({"schema_version": "v0.2", "data": [{"results": {"x": tensor}}]}).encode(),
    ):
        with pytest.raises(ResultDecodeError, match="base64"):
            decode(raw)[0]
