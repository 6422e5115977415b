"""Bits against Qiskit's BitArray, with and without numpy."""

import json
import sys
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from qiskit.primitives.containers import BitArray

from qiskit_runtime_rest.results import Array, Bits

pytestmark = pytest.mark.filterwarnings("error")
with_and_without_numpy = pytest.mark.parametrize("pure", [False, True], ids=["numpy", "pure"])


def numpy_hidden(pure):
    if not pure:
        return nullcontext()
    context = pytest.MonkeyPatch.context()
    patch = context.__enter__()
    patch.setitem(sys.modules, "numpy", None)

    class Restored:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return context.__exit__(*error)

    return Restored()


@st.composite
def bit_arrays(draw, max_bits=140):
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


def ours(oracle):
    array = Array(oracle.array.tobytes(), dtype="uint8", shape=oracle.array.shape)
    return Bits.from_array(array, num_bits=oracle.num_bits)


def samples_of(oracle):
    shots = [hex(value) for value in ours(oracle).ints()]
    return np.array(shots, dtype=object).reshape(*oracle.shape, oracle.num_shots).tolist()


@with_and_without_numpy
@given(oracle=bit_arrays())
def test_counts_and_bitstrings_are_qiskits(pure, oracle):
    bits = ours(oracle)
    expected = (oracle.get_counts(), oracle.get_int_counts(), oracle.get_bitstrings())
    with numpy_hidden(pure):
        found = (bits.counts(), bits.int_counts(), bits.bitstrings())
    assert found == expected
    assert all(type(number) is int for number in found[0].values())
    assert bits.ints() == [int(text, 2) for text in expected[2]]


@with_and_without_numpy
@given(oracle=bit_arrays(max_bits=9))
def test_an_index_selects_one_element_of_a_sweep(pure, oracle):
    bits = ours(oracle)
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
def test_samples_as_texts_equal_the_packed_form(oracle):
    packed, texts = ours(oracle), Bits.from_samples(samples_of(oracle), num_bits=oracle.num_bits)
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
def test_slicing_bits_is_qiskits(data, oracle):
    positions = data.draw(st.lists(st.integers(0, oracle.num_bits - 1), min_size=1, max_size=20))
    expected = oracle.slice_bits(positions)
    found = ours(oracle).slice_bits(positions)
    assert (found.num_bits, found.shape, found.num_shots) == (expected.num_bits, expected.shape, expected.num_shots)
    assert found.bitstrings() == expected.get_bitstrings()


@given(data=st.data(), oracle=bit_arrays(max_bits=30))
def test_joining_is_qiskits(data, oracle):
    others = []
    for _ in range(data.draw(st.integers(0, 2))):
        num_bits = data.draw(st.integers(1, 20))
        flags = data.draw(hnp.arrays(bool, (*oracle.shape, oracle.num_shots, num_bits)))
        others.append(BitArray.from_bool_array(flags))
    expected = BitArray.concatenate_bits([oracle, *others])
    found = Bits.join([ours(part) for part in (oracle, *others)])
    assert found == ours(expected)


@given(flags=hnp.arrays(bool, st.tuples(st.integers(1, 3), st.integers(0, 20), st.integers(1, 20))))
def test_flags_have_bit_0_first(flags):
    array = Array(flags.tobytes(), dtype="bool", shape=flags.shape)
    expected = BitArray.from_bool_array(flags, order="little")
    bits = Bits.from_flags(array)
    assert bits == ours(expected)
    assert np.array_equal(bits.to_flags(), flags)
    assert np.array_equal(bits.to_numpy(), expected.array)


@given(oracle=bit_arrays())
def test_a_round_trip_through_qiskit_changes_nothing(oracle):
    assert ours(oracle).to_qiskit() == oracle
    assert ours(ours(oracle).to_qiskit()) == ours(oracle)


def test_bits_above_the_register_are_ignored_as_in_qiskit():
    array = np.array([[0b11111101], [0b00000001]], dtype=np.uint8)
    assert ours(BitArray(array, 2)).counts() == BitArray(array, 2).get_counts() == {"01": 2}


@with_and_without_numpy
@pytest.mark.parametrize("num_bits", [1, 8, 13, 24, 60, 65, 133])
@settings(deadline=None, max_examples=2)
@given(seed=st.integers(0, 2**32))
def test_many_shots_count_the_same_however_they_spread(pure, seed, num_bits):
    generator = np.random.default_rng(seed)
    # Sorted, most outcomes are not among the first thousand shots.
    for distinct, arrange in ((3, np.asarray), (300, np.sort), (5000, np.asarray)):
        pool = BitArray.from_bool_array(generator.integers(0, 2, (distinct, num_bits)).astype(bool)).array
        oracle = BitArray(pool[arrange(generator.integers(0, distinct, 6000))], num_bits)
        bits, expected = ours(oracle), oracle.get_counts()
        with numpy_hidden(pure):
            assert bits.counts() == expected


def test_counts_come_in_ascending_order():
    for num_bits in (2, 12, 70):
        texts = [hex(value) for value in (3, 0, 2, 0, 1)]
        bits = Bits.from_rows(Bits.from_samples(texts, num_bits=num_bits).rows, num_bits=num_bits, num_shots=len(texts))
        for outcomes in (list(bits.int_counts()), list(bits.counts())):
            assert outcomes == sorted(outcomes)


def test_one_outcome_spelled_in_two_ways_is_one_outcome():
    bits = Bits.from_samples(["0x3", "0x03", "0x0003", "0x1"], num_bits=2)
    assert bits.counts() == {"11": 3, "01": 1}


def test_a_register_without_bits_has_one_empty_outcome():
    bits = Bits.from_array(Array(b"", dtype="uint8", shape=(5, 0)), num_bits=0)
    assert (bits.counts(), bits.int_counts(), bits.bitstrings()) == ({"": 5}, {0: 5}, [""] * 5)
    assert Bits.join([bits, Bits.from_samples(["0x1"] * 5, num_bits=1)]).counts() == {"1": 5}


@pytest.mark.parametrize(
    "samples",
    [["0x4"], ["3"], ["0xg"], ["0x-1"], [3], ["0x1", None], "0x1", [["0x1"], ["0x1", "0x2"]], [["0x1"], "0x1"], None],
)
def test_what_is_not_a_sample_is_refused(samples):
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
def test_arrays_that_are_not_bits_are_refused(array, num_bits):
    with pytest.raises(ValueError, match="bits"):
        Bits.from_array(array, num_bits=num_bits)


def test_wrong_indices_and_registers_say_what_there_is():
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


def test_reprs_are_short_and_html_is_escaped():
    bits = Bits.from_samples([hex(value) for value in range(16)] * 100, num_bits=4)
    assert repr(bits) == "Bits(<shape=(), num_shots=1600, num_bits=4>)"
    html = bits._repr_html_()
    assert "and 6 more" in html
    assert "&lt;shape" in html
    assert json.dumps(bits[()].to_dict()) == json.dumps(bits.to_dict())
