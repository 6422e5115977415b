"""Bits equal Qiskit's BitArray, with and without numpy."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from qiskit.primitives.containers import BitArray

from qiskit_runtime_rest.results import Array, Bits

pytestmark = pytest.mark.filterwarnings("error")
with_and_without_numpy = pytest.mark.parametrize("pure", [False, True], ids=["numpy", "pure"])


@contextlib.contextmanager
def numpy_hidden(pure: bool) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if pure:
            patch.setitem(sys.modules, "numpy", None)
        yield


@st.composite
def bit_arrays(draw: st.DrawFn, max_bits: int = 140) -> Any:
    num_bits = draw(st.integers(1, max_bits))
    shape = draw(st.sampled_from([(), (1,), (3,), (2, 2), (0,)]))
    shots = draw(st.integers(0, 40))
    few = draw(st.booleans())
    width = (num_bits + 7) // 8
    elements = st.sampled_from([0, 1, 255]) if few else st.integers(0, 255)
    array = draw(hnp.arrays(np.uint8, (*shape, shots, width), elements=elements))
    if num_bits % 8:
        array[..., 0] &= (1 << num_bits % 8) - 1
    return BitArray(array, num_bits)


def to_bits(oracle: Any) -> Bits:
    array = Array(oracle.array.tobytes(), dtype="uint8", shape=oracle.array.shape)
    return Bits.from_array(array, num_bits=oracle.num_bits)


def samples_of(oracle: Any) -> Any:
    shots = [hex(value) for value in to_bits(oracle).ints()]
    return np.array(shots, dtype=object).reshape(*oracle.shape, oracle.num_shots).tolist()


@with_and_without_numpy
@given(oracle=bit_arrays())
def test_counts_and_bitstrings_equal_those_of_qiskit(pure: bool, oracle: Any) -> None:
    bits = to_bits(oracle)
    expected = (oracle.get_counts(), oracle.get_int_counts(), oracle.get_bitstrings())
    with numpy_hidden(pure):
        found = (bits.counts(), bits.int_counts(), bits.bitstrings())
    assert found == expected
    assert all(type(number) is int for number in found[0].values())
    assert bits.ints() == [int(text, 2) for text in expected[2]]


@with_and_without_numpy
@given(oracle=bit_arrays(max_bits=9))
def test_an_index_selects_one_element_of_a_sweep(pure: bool, oracle: Any) -> None:
    bits = to_bits(oracle)
    for index in np.ndindex(oracle.shape):
        expected = oracle.get_counts(index)
        with numpy_hidden(pure):
            assert bits.counts(index=index) == expected
            assert bits[index].counts() == expected
            assert bits.bitstrings(index=index) == bits[index].bitstrings()
    if oracle.shape and oracle.shape[0]:
        assert bits.counts(index=-1) == oracle[-1].get_counts()
        assert [part.counts() for part in bits] == [part.get_counts() for part in oracle]


@given(oracle=bit_arrays(max_bits=40))
def test_samples_as_texts_equal_the_packed_form(oracle: Any) -> None:
    packed, texts = to_bits(oracle), Bits.from_samples(samples_of(oracle), num_bits=oracle.num_bits)
    if 0 in oracle.shape:
        return  # nested lists cannot tell the axes below an empty one
    assert texts.counts() == packed.counts()
    assert texts.int_counts() == packed.int_counts()
    assert texts == packed
    assert hash(texts) == hash(packed)
    assert texts.to_dict() == packed.to_dict() == {"samples": samples_of(oracle), "num_bits": oracle.num_bits}
    for index in np.ndindex(oracle.shape):
        assert texts.counts(index=index) == packed.counts(index=index)


@given(data=st.data(), oracle=bit_arrays(max_bits=30))
def test_slice_bits_equals_that_of_qiskit(data: st.DataObject, oracle: Any) -> None:
    positions = data.draw(st.lists(st.integers(0, oracle.num_bits - 1), min_size=1, max_size=20))
    expected = oracle.slice_bits(positions)
    found = to_bits(oracle).slice_bits(positions)
    assert (found.num_bits, found.shape, found.num_shots) == (expected.num_bits, expected.shape, expected.num_shots)
    assert found.bitstrings() == expected.get_bitstrings()


@given(data=st.data(), oracle=bit_arrays(max_bits=30))
def test_join_equals_the_concatenation_of_qiskit(data: st.DataObject, oracle: Any) -> None:
    others = []
    for _ in range(data.draw(st.integers(0, 2))):
        num_bits = data.draw(st.integers(1, 20))
        flags = data.draw(hnp.arrays(bool, (*oracle.shape, oracle.num_shots, num_bits)))
        others.append(BitArray.from_bool_array(flags))
    expected = BitArray.concatenate_bits([oracle, *others])
    found = Bits.join([to_bits(part) for part in (oracle, *others)])
    assert found == to_bits(expected)


@given(flags=hnp.arrays(bool, st.tuples(st.integers(1, 3), st.integers(0, 20), st.integers(1, 20))))
def test_bit_0_of_flags_is_first(flags: Any) -> None:
    array = Array(flags.tobytes(), dtype="bool", shape=flags.shape)
    expected = BitArray.from_bool_array(flags, order="little")
    bits = Bits.from_flags(array)
    assert bits == to_bits(expected)
    assert np.array_equal(bits.to_flags(), flags)
    assert np.array_equal(bits.to_numpy(), expected.array)


@given(oracle=bit_arrays())
def test_a_round_trip_through_qiskit_changes_nothing(oracle: Any) -> None:
    assert to_bits(oracle).to_qiskit() == oracle
    assert to_bits(to_bits(oracle).to_qiskit()) == to_bits(oracle)


def test_bits_above_the_register_are_ignored_as_in_qiskit() -> None:
    array = np.array([[0b11111101], [0b00000001]], dtype=np.uint8)
    assert to_bits(BitArray(array, 2)).counts() == BitArray(array, 2).get_counts() == {"01": 2}


@with_and_without_numpy
@pytest.mark.parametrize("num_bits", [1, 8, 13, 24, 60, 65, 133])
@settings(deadline=None, max_examples=2)
@given(seed=st.integers(0, 2**32))
def test_counts_of_many_shots_equal_those_of_qiskit(pure: bool, seed: int, num_bits: Any) -> None:
    generator = np.random.default_rng(seed)
    # Sorted, most outcomes are not among the first thousand shots.
    for distinct, arrange in ((3, np.asarray), (300, np.sort), (5000, np.asarray)):
        pool = BitArray.from_bool_array(generator.integers(0, 2, (distinct, num_bits)).astype(bool)).array
        oracle = BitArray(pool[arrange(generator.integers(0, distinct, 6000))], num_bits)
        bits, expected = to_bits(oracle), oracle.get_counts()
        with numpy_hidden(pure):
            assert bits.counts() == expected


def test_counts_come_in_ascending_order() -> None:
    for num_bits in (2, 12, 70):
        texts = [hex(value) for value in (3, 0, 2, 0, 1)]
        bits = Bits.from_rows(Bits.from_samples(texts, num_bits=num_bits).rows, num_bits=num_bits, num_shots=len(texts))
        for outcomes in (list(bits.int_counts()), list(bits.counts())):
            assert outcomes == sorted(outcomes)


def test_different_texts_of_one_outcome_are_counted_together() -> None:
    bits = Bits.from_samples(["0x3", "0x03", "0x0003", "0x1"], num_bits=2)
    assert bits.counts() == {"11": 3, "01": 1}


def test_a_register_without_bits_has_one_empty_outcome() -> None:
    bits = Bits.from_array(Array(b"", dtype="uint8", shape=(5, 0)), num_bits=0)
    assert (bits.counts(), bits.int_counts(), bits.bitstrings()) == ({"": 5}, {0: 5}, [""] * 5)
    assert Bits.join([bits, Bits.from_samples(["0x1"] * 5, num_bits=1)]).counts() == {"1": 5}


@pytest.mark.parametrize(
    "samples",
    [["0x4"], ["3"], ["0xg"], ["0x-1"], [3], ["0x1", None], "0x1", [["0x1"], ["0x1", "0x2"]], [["0x1"], "0x1"], None],
)
def test_invalid_samples_are_refused(samples: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        Bits.from_samples(samples, num_bits=2)


@pytest.mark.parametrize(
    ("array", "num_bits"),
    [
        (Array(b"\1\2", dtype="uint8", shape=(2,)), 1),
        (Array(b"\1\2", dtype="int8", shape=(2, 1)), 1),
        (Array(b"\1\2", dtype="uint8", shape=(1, 2)), 1),
        (Array(b"", dtype="uint8", shape=(1, 0)), -1),
    ],
)
def test_arrays_that_are_not_bits_are_refused(array: Any, num_bits: Any) -> None:
    with pytest.raises(ValueError, match="bits"):
        Bits.from_array(array, num_bits=num_bits)


def test_errors_of_indices_and_joins_name_the_cause() -> None:
    bits = Bits.from_samples([["0x1"], ["0x0"]], num_bits=2)
    with pytest.raises(IndexError, match="outside the shape"):
        bits.counts(index=2)
    with pytest.raises(IndexError, match="2 coordinates for 1 axes"):
        bits.counts(index=(0, 0))
    with pytest.raises(IndexError, match="bit 2"):
        bits.slice_bits([2])
    with pytest.raises(ValueError, match="different shapes"):
        Bits.join([bits, bits[0]])
    with pytest.raises(ValueError, match="no registers"):
        Bits.join([])
    with pytest.raises(TypeError, match="num_shots"):
        len(bits[0])
    assert len(bits) == 2


def test_reprs_are_short_and_html_is_escaped() -> None:
    bits = Bits.from_samples([hex(value) for value in range(16)] * 100, num_bits=4)
    assert repr(bits) == "Bits(<shape=(), num_shots=1600, num_bits=4>)"
    html = bits._repr_html_()
    assert "and 6 more" in html
    assert "<caption>4 bits, 1600 shots</caption>" in html
    assert json.dumps(bits[()].to_dict()) == json.dumps(bits.to_dict())
