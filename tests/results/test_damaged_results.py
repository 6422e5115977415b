"""Decoding any bytes gives a result, or a ResultDecodeError that keeps them."""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import pickle
import subprocess
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit.primitives.containers import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit.quantum_info import PauliList
from qiskit_ibm_runtime.execution_span import DoubleSliceSpan, ExecutionSpans, TwirledSliceSpanV2
from qiskit_ibm_runtime.results.noise_learner import PauliLindbladError

from qiskit_runtime_rest.errors import ResultDecodeError
from qiskit_runtime_rest.results import decode

from .documents import CompressedTensorModel, F64TensorModel, TensorModel, encoded, table_of

WHEN = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
SPANS = ExecutionSpans(
    [
        DoubleSliceSpan(WHEN, WHEN, {0: ((3, 10), slice(1, 3), slice(0, 5))}),
        TwirledSliceSpanV2(WHEN, WHEN, {0: ((2, 4, 10), False, slice(0, 6), slice(0, 5), 33)}),
    ]
)
BITS = BitArray.from_samples(["0x0", "0x1f3", "0x3"] * 5, num_bits=9)
FLAGS = np.zeros((2, 3, 4), bool)


def executor(version: Any, model: Any, role: str | None) -> dict[str, Any]:
    passthrough = {
        "post_processor": {"version": "v0.1", "twirling": True, "meas_type": "classified", "shots": 6, "options": {}},
        "mine": model.from_numpy(np.arange(3.0)).model_dump(),
    }
    tensors = {"c": FLAGS, "measurement_flips.c": FLAGS[:, :1]}
    return {
        "schema_version": version,
        "data": [
            {"results": {name: model.from_numpy(part).model_dump() for name, part in tensors.items()}, "metadata": {}}
        ],
        "metadata": {"chunk_timing": [{"start": "2026-03-01T12:00:00Z", "stop": "2026-03-01T12:00:00Z", "parts": []}]},
        "passthrough_data": passthrough,
        "semantic_role": role,
    }


RATES = F64TensorModel.from_numpy(np.array([0.5])).model_dump()
DOCUMENTS = {
    "wrapped sampler": PrimitiveResult(
        [SamplerPubResult(DataBin(a=BITS, b=np.ones((), complex)), metadata={"when": WHEN, "set": {1}, "z": 1j})],
        metadata={"spans": SPANS, "keys": {"__int_keys__": True, "1": 2}},
    ),
    "plain sampler": {
        "results": [{"data": {"c": {"samples": ["0x3", "0x0"], "num_bits": 2}}, "metadata": {}}],
        "metadata": {},
    },
    "wrapped estimator": PrimitiveResult([PubResult(DataBin(evs=np.ones(2), stds=np.ones(2), shape=(2,)))]),
    "plain estimator": {"results": [{"data": {"evs": [0.5, 1], "stds": [0.1, 2]}, "metadata": {}}], "metadata": {}},
    "executor": executor("v0.2", TensorModel, None),
    "compressed executor": executor("v2.0", CompressedTensorModel, None),
    "client-side sampler": executor("v1.0", TensorModel, "sampler_v2"),
    "noise learner": {
        "data": [
            [{"circuit": "AAAA", "qubits": [1, 2]}, PauliLindbladError(PauliList(["XX"]), [0.5])],
            [{"circuit": "AAAA", "qubits": [1, 2]}, None],
        ],
        "metadata": {},
    },
    "noise learner v3": {
        "schema_version": "v0.1",
        "data": [
            {"generators_sparse": [[["X", [0]]]], "num_qubits": 1, "rates": RATES, "rates_std": RATES, "metadata": {}}
        ],
    },
    "quasi-distributions": {"quasi_dists": [{"0x1": 0.5, "0x2": 1}], "metadata": [{"shots": 3}]},
    "values": {"values": [0.5], "metadata": [{"shots": 3, "variance": 1}]},
}
RAW = {name: encoded(document) for name, document in DOCUMENTS.items()}
PROGRAMS = st.sampled_from([None, "sampler", "estimator", "executor", "noise-learner", "circuit-runner"])
WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 10**30, 1.5, "", "x", "0x1", [], [[]], {}, {"__type__": "ndarray", "__value__": "A"}]
)
UNUSABLE = (ValueError, TypeError, LookupError)


def read_everything(raw: bytes, program_id: str | None) -> None:
    """Read all attributes; only errors of the documented types may come out."""
    result = decode(raw, program_id=program_id)
    json.dumps(result.to_dict())
    _ = (result.metadata, result.passthrough_data, result.text, result.value)
    _ = (repr(result), table_of(result), len(result))
    for item in result:
        repr(item)
        table_of(item)
        with contextlib.suppress(*UNUSABLE):
            item.counts()
        with contextlib.suppress(*UNUSABLE):
            _ = item.evs
    assert pickle.loads(pickle.dumps(result)) == result


def refused_or_read(raw: bytes, program_id: str | None) -> None:
    try:
        read_everything(raw, program_id)
    except ResultDecodeError as error:
        kept = error.raw
    else:
        kept = raw
    assert kept == raw


@pytest.mark.parametrize("name", RAW)
def test_every_format_is_read(name: str) -> None:
    program = "noise-learner" if name == "noise learner" else None
    read_everything(RAW[name], program)
    assert decode(RAW[name], program_id=program).kind not in ("json", "text")


ALONE = """
import json, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "qiskit", "qiskit_ibm_runtime", "httpx"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from qiskit_runtime_rest.results import decode
read = {}
for name, text in json.load(sys.stdin).items():
    result = decode(text.encode(), program_id="noise-learner" if name == "noise learner" else None)
    read[name] = [result.to_dict(), repr(result), result._repr_html_(), [item._repr_html_() for item in result]]
json.dump(read, sys.stdout)
"""


def test_every_format_is_read_the_same_without_numpy_and_qiskit() -> None:
    texts = json.dumps({name: raw.decode() for name, raw in RAW.items()})
    done = subprocess.run([sys.executable, "-c", ALONE], input=texts, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read.keys() == RAW.keys()
    for name, raw in RAW.items():
        result = decode(raw, program_id="noise-learner" if name == "noise learner" else None)
        tables = [table_of(item) for item in result]
        assert read[name] == [json.loads(json.dumps(result.to_dict())), repr(result), table_of(result), tables]


MARKUP = "<i>&"
WITH_MARKUP = {
    "sampler": {"results": [{"data": {MARKUP: {"samples": ["0x1"], "num_bits": 1}}}]},
    "level 1": {"results": [{"data": {MARKUP: [[1.5]]}}]},
    "executor": {"schema_version": "v0.2", "data": [{"results": {MARKUP: RATES}}]},
    "noise learner": {"data": [[{"circuit": "AA", "qubits": [1]}, {"generators": [MARKUP], "rates": [0.5]}]]},
    "noise learner v3": {
        "schema_version": "v0.1",
        "data": [{"generators_sparse": [[[MARKUP, [0]]]], "num_qubits": 1, "rates": RATES, "rates_std": RATES}],
    },
    "text": MARKUP,
}


@pytest.mark.parametrize("name", WITH_MARKUP)
def test_markup_in_a_result_is_escaped_in_its_tables(name: str) -> None:
    program = "noise-learner" if name == "noise learner" else None
    result = decode(json.dumps(WITH_MARKUP[name]).encode(), program_id=program)
    tables = table_of(result) + "".join(table_of(item) for item in result)
    assert "<i>" not in tables
    assert "&lt;i&gt;&amp;" in tables


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@pytest.mark.parametrize("name", RAW)
@given(data=st.data(), program_id=PROGRAMS)
def test_changed_and_missing_bytes(name: str, data: st.DataObject, program_id: str | None) -> None:
    raw = bytearray(RAW[name])
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw))) :]
    refused_or_read(bytes(raw), program_id)


def places(value: Any, path: Any = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@pytest.mark.parametrize("name", RAW)
@given(data=st.data(), program_id=PROGRAMS)
def test_wrong_values_anywhere_in_the_document(name: str, data: st.DataObject, program_id: str | None) -> None:
    document = json.loads(RAW[name])
    path = data.draw(st.sampled_from(list(places(document))))
    if not path:
        document = data.draw(WRONG)
    else:
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        if data.draw(st.booleans()):
            holder[path[-1]] = data.draw(WRONG)
        else:
            del holder[path[-1]]
    refused_or_read(json.dumps(document).encode(), program_id)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_inside_the_packed_arrays(data: st.DataObject) -> None:
    document = json.loads(RAW["wrapped sampler"])
    fields = document["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]["fields"]
    packed = fields["a"]["__value__"]["array"]
    npy = bytearray(zlib.decompress(base64.b64decode(packed["__value__"])))
    npy[data.draw(st.integers(0, len(npy) - 1))] = data.draw(st.integers(0, 255))
    packed["__value__"] = base64.b64encode(zlib.compress(bytes(npy))).decode()
    refused_or_read(json.dumps(document).encode(), "sampler")


@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(raw: bytes) -> None:
    refused_or_read(raw, None)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "has no bytes"),
        (b"  \n", "has no bytes"),
        (b'{"results": [', "cannot be decoded"),
        (b"\xff\xfe{}", "utf-8"),
        (b'{"results": [], "n": 1' + b"0" * 5000 + b"}", "digits"),
        (b'{"a":' * 100_000, "cannot be decoded"),
        (b'{"__type__": "PrimitiveResult", "__value__": {}}', "pub_results"),
    ],
)
def test_the_error_says_why_and_keeps_the_bytes(raw: bytes, says: str) -> None:
    with pytest.raises(ResultDecodeError, match=says) as caught:
        decode(raw)
    assert caught.value.raw == raw
    assert len(str(caught.value)) < 600


def test_one_damaged_pub_leaves_the_others_readable() -> None:
    document = json.loads(RAW["plain sampler"])
    document["results"].append({"data": {"c": {"samples": ["0xff"], "num_bits": 2}}})
    raw = json.dumps(document).encode()
    result = decode(raw)
    assert result[0].counts() == {"00": 1, "11": 1}
    with pytest.raises(ResultDecodeError, match="more than the 2 bits") as caught:
        _ = result[1]
    assert caught.value.raw == raw


@pytest.mark.parametrize("num_bits", [10**9, 10**12, 10**30])
def test_a_register_of_absurd_size_is_refused_before_memory_is_taken(num_bits: Any) -> None:
    raw = json.dumps({"results": [{"data": {"c": {"samples": ["0x0"] * 9, "num_bits": num_bits}}}]}).encode()
    with pytest.raises(ResultDecodeError, match="limit"):
        _ = decode(raw)[0]
