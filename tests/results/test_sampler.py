"""Sampler results in every format equal those of qiskit-ibm-runtime."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.primitives.containers import BitArray, DataBin, PrimitiveResult, SamplerPubResult
from qiskit_ibm_runtime import RuntimeDecoder
from qiskit_ibm_runtime.execution_span import (
    DoubleSliceSpan,
    ExecutionSpans,
    SliceSpan,
    TwirledSliceSpan,
    TwirledSliceSpanV2,
)

from qiskit_runtime_rest import RuntimeRestError
from qiskit_runtime_rest.results import Array, Bits, ItemLacks, SamplerPub, decode

from .documents import encoded, table_of

START = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
STOP = START + datetime.timedelta(seconds=2.5)
SHAPES = st.sampled_from([(), (1,), (3,), (2, 3)])


def random_bits(shape: tuple[int, ...], *, shots: Any, num_bits: Any, seed: int = 0) -> Any:
    flags = np.random.default_rng(seed).integers(0, 2, (*shape, shots, num_bits)).astype(bool)
    return BitArray.from_bool_array(flags)


def plain(result: Any) -> bytes:
    pubs = []
    for pub in result:
        data = {}
        for name, bits in pub.data.items():
            shots = [hex(int(text, 2)) for text in bits.get_bitstrings()]
            samples = np.array(shots, dtype=object).reshape(*bits.shape, bits.num_shots).tolist()
            data[name] = {"samples": samples, "num_bits": bits.num_bits}
        pubs.append({"data": data, "metadata": pub.metadata})
    return json.dumps({"results": pubs, "metadata": result.metadata}).encode()


@st.composite
def sampler_results(draw: st.DrawFn) -> Any:
    pubs = []
    for _ in range(draw(st.integers(1, 3))):
        shape, shots = draw(SHAPES), draw(st.integers(1, 30))
        names = draw(st.lists(st.sampled_from(["meas", "c", "alpha", "é<b>"]), min_size=1, max_size=3, unique=True))
        fields = {
            name: random_bits(shape, shots=shots, num_bits=draw(st.integers(1, 70)), seed=draw(st.integers(0, 99)))
            for name in names
        }
        pubs.append(SamplerPubResult(DataBin(shape=shape, **fields), metadata={"circuit_metadata": {"k": 1}}))
    return PrimitiveResult(pubs, metadata={"version": 2})


@given(oracle=sampler_results(), encode=st.sampled_from([encoded, plain]))
def test_counts_and_bitstrings_equal_those_of_qiskit(oracle: Any, encode: Callable[[Any], bytes]) -> None:
    raw = encode(oracle)
    result = decode(raw)
    assert (result.kind, len(result), result.raw) == ("sampler", len(oracle), raw)
    assert result.metadata == oracle.metadata
    for pub, expected in zip(result, oracle, strict=True):
        joined = expected.join_data()
        assert isinstance(pub, SamplerPub)
        assert pub.metadata == expected.metadata
        assert pub.shape == expected.data.shape
        assert list(pub.data) == list(expected.data)
        assert pub.counts() == joined.get_counts()
        assert pub.bitstrings() == joined.get_bitstrings()
        assert pub.ints() == [int(text, 2) for text in joined.get_bitstrings()]
        for name, bits in expected.data.items():
            register = pub.data[name]
            assert isinstance(register, Bits)
            assert pub.counts(register=name) == bits.get_counts() == register.counts()
        for index in np.ndindex(pub.shape):
            assert pub.counts(index=index) == joined.get_counts(index)


@given(oracle=sampler_results())
def test_both_formats_are_equal_also_as_dicts_and_in_qiskit(oracle: Any) -> None:
    result = decode(encoded(oracle))
    assert result == decode(plain(oracle))
    assert result != decode(encoded(PrimitiveResult([*oracle, oracle[0]], metadata=oracle.metadata)))
    assert json.dumps(result.to_dict()) == json.dumps(decode(plain(oracle)).to_dict())
    assert list(result.to_dict()["results"][0]["data"]) == list(oracle[0].data)
    rebuilt = decode(plain(oracle)).to_qiskit()
    assert rebuilt.metadata == oracle.metadata
    for pub, expected in zip(rebuilt, oracle, strict=True):
        assert dict(pub.data.items()) == dict(expected.data.items())
        assert (type(pub), pub.data.shape, pub.metadata) == (type(expected), expected.data.shape, expected.metadata)


@given(order=st.permutations(["a", "b", "c"]), count=st.integers(1, 3))
def test_registers_are_joined_in_the_given_order(order: list[str], count: int) -> None:
    fields = {name: random_bits((2,), shots=20, num_bits=3 + seed, seed=seed) for seed, name in enumerate("abc")}
    oracle = SamplerPubResult(DataBin(shape=(2,), **fields))
    pub = decode(encoded(PrimitiveResult([oracle])))[0]
    assert pub.counts(register=order[:count]) == oracle.join_data(order[:count]).get_counts()


@pytest.mark.parametrize("field", ["evs_like", "SamplerPubResult", "PubResult"])
def test_a_pub_without_a_type_is_a_sampler_pub_for_any_register_name(field: str) -> None:
    document = json.loads(
        encoded(PrimitiveResult([SamplerPubResult(DataBin(**{field: random_bits((), shots=4, num_bits=2)}))]))
    )
    pub = document["__value__"]["pub_results"][0]
    pub["__type__"] = "PubResult"
    del pub["__value__"]["data"]["__value__"]["field_names"]
    result = decode(json.dumps(document).encode())
    assert result.kind == "sampler"
    assert sum(result[0].counts().values()) == 4


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize("averaged", [False, True])
def test_level_1_data_is_complex(shape: tuple[int, ...], averaged: bool) -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(*shape, *(() if averaged else (7,)), 4, 2)) @ [1, 1j]
    oracle = PrimitiveResult([SamplerPubResult(DataBin(c=values, shape=shape))])
    pub = decode(encoded(oracle))[0]
    assert isinstance(pub.data["c"], Array)
    np.testing.assert_array_equal(pub.data["c"].to_numpy(), values, strict=True)
    np.testing.assert_array_equal(pub.to_numpy()["c"], values)
    np.testing.assert_array_equal(pub.to_qiskit().data.c, values)
    json.dumps(pub.to_dict())
    assert "complex128" in repr(pub)
    assert "complex128" in table_of(pub)
    with pytest.raises(TypeError, match="level-1"):
        pub.counts()


def spans() -> Any:
    return ExecutionSpans(
        [
            SliceSpan(START, STOP, {0: ((3, 10), slice(4, 17))}),
            DoubleSliceSpan(
                START, STOP, {0: ((3, 10), slice(1, 3), slice(0, 5)), 2: ((10,), slice(0, 1), slice(2, 9))}
            ),
            TwirledSliceSpan(START, STOP, {1: ((4, 2, 10), True, slice(0, 6), slice(0, 5))}),
            TwirledSliceSpanV2(START, STOP, {1: ((2, 4, 10), False, slice(0, 6), slice(0, 5), 33)}),
        ]
    )


@pytest.mark.parametrize("name", ["ExecutionSpans", "ExecutionSpanCollection"])
def test_execution_spans_are_read_and_convert_to_those_of_qiskit(name: str) -> None:
    metadata = {"execution": {"execution_spans": spans(), "again": ExecutionSpans([])}, "version": 2}
    oracle = PrimitiveResult([SamplerPubResult(DataBin(c=random_bits((), shots=1, num_bits=1)))], metadata=metadata)
    result = decode(encoded(oracle).replace(b'"ExecutionSpans"', f'"{name}"'.encode()))
    found = result.metadata["execution"]["execution_spans"]
    assert [span.size for span in found] == [span.size for span in spans()]
    assert [span.kind for span in found][1:] == [type(span).__name__ for span in spans()][1:]
    assert [sorted(span.parts) for span in found] == [span.pub_idxs for span in spans()]
    assert (found.start, found.stop, found.duration, found[0].duration) == (START, STOP, 2.5, 2.5)
    assert result.to_qiskit().metadata == metadata
    assert result.to_dict()["metadata"]["execution"]["execution_spans"][0]["start"] == START.isoformat()


def test_times_of_execution_spans_are_in_utc_which_the_service_does_not_say() -> None:
    span = DoubleSliceSpan(START.replace(tzinfo=None), STOP.replace(tzinfo=None), {0: ((1,), slice(0, 1), slice(0, 1))})
    result = decode(encoded(PrimitiveResult([], metadata={"spans": ExecutionSpans([span])})))
    [found] = result.metadata["spans"]
    assert (found.start, found.stop, found.start.tzinfo) == (START, STOP, datetime.UTC)


def test_values_of_every_wrapped_type_in_metadata() -> None:
    metadata = {
        "when": START,
        "naive": datetime.datetime(2026, 1, 2, 3, 4, 5, 678),
        "day": datetime.date(2026, 1, 2),
        "set": {1, 2},
        "tuple": (1, 2),
        "complex": 1 - 2j,
        "array": np.arange(6).reshape(2, 3),
        "names": np.array(["linear", "fallback"]),
        "objects": np.array([1, None], dtype=object),
        "int64": np.int64(3),
        "float64": np.float64(0.5),
        "nested": [{"deep": {"when": START}}],
        "bits": random_bits((), shots=3, num_bits=2),
        "nothing": None,
    }
    oracle = PrimitiveResult([], metadata=metadata)
    found = decode(encoded(oracle)).metadata
    expected = json.loads(encoded(oracle), cls=RuntimeDecoder).metadata
    for name in ("when", "naive", "complex", "tuple", "int64", "float64", "nested", "nothing", "set"):
        assert found[name] == expected[name], name
    assert found["day"] == datetime.datetime(2026, 1, 2)
    assert found["array"].tolist() == metadata["array"].tolist()
    assert found["names"].tolist() == ["linear", "fallback"]
    assert found["bits"].to_qiskit() == metadata["bits"]
    json.dumps(decode(encoded(oracle)).to_dict())


def test_errors_of_a_missing_index_or_register_name_the_others() -> None:
    pub = decode(encoded(PrimitiveResult([SamplerPubResult(DataBin(c=random_bits((), shots=2, num_bits=2)))])))[0]
    with pytest.raises(KeyError, match=r"no register 'd'; there are 'c'"):
        pub.counts(register="d")
    with pytest.raises(IndexError):
        pub.counts(index=0)
    with pytest.raises(ItemLacks, match=r"a sampler's pub has no evs; it has counts"):
        _ = pub.evs
    assert issubclass(ItemLacks, RuntimeRestError)
    assert not hasattr(pub, "stds")


def test_a_pub_without_registers_has_no_counts() -> None:
    pub = decode(encoded(PrimitiveResult([SamplerPubResult(DataBin())])), program_id="sampler")[0]
    with pytest.raises(ValueError, match="no registers"):
        pub.counts()


def test_reprs_are_short_and_html_is_escaped() -> None:
    data = DataBin(shape=(2,), **{"<b>": random_bits((2,), shots=5, num_bits=2)})
    result = decode(encoded(PrimitiveResult([SamplerPubResult(data)])))
    assert repr(result[0]) == "SamplerPub(<b>: 2 bits, 5 shots, shape=(2,))"
    assert repr(result).startswith("Result(sampler, 1 item, ")
    for html in (table_of(result), table_of(result[0])):
        assert "<b></b>" not in html
        assert "&lt;b&gt;" in html


def test_the_documented_plain_form() -> None:
    samples = b'{"samples": ["0x3", "0x0", "0x3"], "num_bits": 2}'
    raw = b'{"results": [{"data": {"c": %s}, "metadata": {}}], "metadata": {}}' % samples
    result = decode(raw)
    assert result[0].counts() == {"00": 1, "11": 2}
    assert result[0].bitstrings() == ["11", "00", "11"]
    assert isinstance(result[0].data["c"], Bits)
    assert result[-1:] == [result[0]]
    with pytest.raises(IndexError, match="1 items"):
        result[1]
