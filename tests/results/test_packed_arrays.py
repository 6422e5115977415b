"""Arrays in numpy's file format are the same as in numpy."""

from __future__ import annotations

import base64
import pickle
import sys
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qiskit_runtime_rest.results import Array
from qiskit_runtime_rest.results.checks import DECODE_FAILURES, MAX_BYTES
from qiskit_runtime_rest.results.packed_arrays import read_compressed_npy

from .documents import npy_file

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
KINDS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16"]
DTYPES = ["?", *(order + kind for order in "<>" for kind in KINDS)]


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def read(data: bytes) -> Array:
    return read_compressed_npy(packed(data))


def header(text: str, *, body: bytes = b"", version: Any = 1) -> bytes:
    encoded = text.encode()
    length = len(encoded).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes((version, 0)) + length + encoded + body


arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)


@given(array=arrays, fortran=st.booleans(), version=st.sampled_from([(1, 0), (2, 0), (3, 0)]))
def test_numbers_of_every_type_are_read(array: Any, fortran: bool, version: Any) -> None:
    stored = np.array(array, order="F" if fortran else "C")
    found = read(npy_file(stored, version))
    native = array.astype(array.dtype.newbyteorder("="))
    assert found.shape == array.shape
    assert found.dtype == native.dtype.name
    np.testing.assert_array_equal(found.to_numpy(), native, strict=True)
    np.testing.assert_array_equal(np.array(found.tolist(), dtype=native.dtype).reshape(native.shape), native)
    assert [type(value) for value in found.flat()] == [type(value) for value in native.ravel().tolist()]


@given(
    array=hnp.arrays("<U3", hnp.array_shapes(min_dims=0, max_side=3), elements=TEXTS),
    big_endian=st.booleans(),
)
def test_texts_are_read(array: Any, big_endian: bool) -> None:
    found = read(npy_file(array.astype(">U3") if big_endian else array))
    assert (found.dtype, found.shape, found.tolist()) == ("str", array.shape, array.tolist())
    np.testing.assert_array_equal(found.to_numpy(), array)


@given(array=arrays)
def test_reading_needs_no_numpy(array: Any) -> None:
    data = packed(npy_file(array))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "numpy", None)
        found = read_compressed_npy(data)
        plain = found.tolist()
    assert found == read(npy_file(array))
    np.testing.assert_array_equal(np.array(plain, dtype=found.dtype).reshape(found.shape), array)


@given(array=arrays, damage=st.data())
def test_damaged_files_are_refused_or_read(array: Any, damage: Any) -> None:
    data = bytearray(npy_file(array))
    for _ in range(damage.draw(st.integers(1, 4))):
        data[damage.draw(st.integers(0, len(data) - 1))] = damage.draw(st.integers(0, 255))
    del data[damage.draw(st.integers(0, len(data))) :]
    try:
        found = read(bytes(data))
    except DECODE_FAILURES:
        return
    assert isinstance(found, Array)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not npy at all",
        header("{'descr': '|O', 'fortran_order': False, 'shape': ()}", body=b"12345678"),
        header("{'descr': '<M8[s]', 'fortran_order': False, 'shape': ()}", body=b"12345678"),
        header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}", body=b"12345678"),
        header("{'descr': '<f8', 'fortran_order': 0, 'shape': ()}", body=b"12345678"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': 1}", body=b"12345678"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}", body=b"12345678"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", body=b"1234567"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", body=b"123456789"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 100 + ")}", body=b"12345678"),
        header("{'descr': '<f8', 'fortran_order': False}", body=b"12345678"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': ()", body=b"12345678"),
        header("[1]"),
        header("{" * 5000),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", version=9),
        header("{}" + " " * 20000, version=2),
        header("{'descr': '<u1', 'fortran_order': False, 'shape': (1000000000000, 0)}"),
        header(f"{{'descr': '<u1', 'fortran_order': False, 'shape': ({MAX_BYTES + 1},)}}"),
    ],
)
def test_files_without_plain_data_are_refused(data: bytes) -> None:
    with pytest.raises(DECODE_FAILURES):
        read(data)


def test_a_zip_bomb_is_refused_before_it_takes_memory() -> None:
    claims_one_byte = npy_file(np.zeros(1, np.uint8))[:-1]
    bomb = packed(claims_one_byte + bytes(50_000_000))
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="does not hold"):
            read_compressed_npy(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_checksum_that_is_missing_or_wrong_is_refused() -> None:
    data = zlib.compress(npy_file(np.arange(100)))
    for damaged in (data[:-4], data[:-1], data[:-1] + bytes((data[-1] ^ 1,))):
        with pytest.raises(DECODE_FAILURES):
            read_compressed_npy(base64.b64encode(damaged).decode())


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-8],
        lambda text: text + "AAAA",
        lambda text: "!" + text[1:],
        lambda text: text[:8] + "*" + text[8:],  # a tolerant reader would ignore this character
        lambda text: text[:8] + "\n" + text[8:],
    ],
)
def test_damaged_compression_is_refused(damage: Any) -> None:
    text = base64.b64encode(zlib.compress(npy_file(np.arange(100)))).decode()
    with pytest.raises(DECODE_FAILURES):
        read_compressed_npy(damage(text))


def test_arrays_index_iterate_compare_and_pickle() -> None:
    source = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    array = read(npy_file(source))
    assert array[1, 2, 3] == 23
    assert array[-1, 0].tolist() == source[-1, 0].tolist()
    assert [part.tolist() for part in array] == source.tolist()
    assert len(array) == 2
    assert array == pickle.loads(pickle.dumps(array))
    assert hash(array) == hash(read(npy_file(source)))
    assert array != read(npy_file(source.astype(np.int32)))
    assert np.asarray(array).tolist() == source.tolist()
    assert np.asarray(array, dtype=float).dtype == float
    assert repr(array) == "Array(<shape=(2, 3, 4)>, dtype='int16')"
    assert repr(Array.of(0.5)) == "Array(0.5, dtype='float64')"
    with pytest.raises(IndexError):
        array[2]
    with pytest.raises(TypeError):
        len(Array.of(1))


@pytest.mark.parametrize(
    ("nested", "dtype", "shape"),
    [
        (1, "int64", ()),
        (1.5, "float64", ()),
        ([1, 2.0, None], "float64", (3,)),
        ([[True], [False]], "bool", (2, 1)),
        ([1j, 2], "complex128", (2,)),
        (["a", "bcd"], "str", (2,)),
        ([], "float64", (0,)),
        ([[], []], "float64", (2, 0)),
    ],
)
def test_nested_lists_are_packed(nested: Any, dtype: str, shape: tuple[int, ...]) -> None:
    array = Array.of(nested)
    assert (array.dtype, array.shape) == (dtype, shape)
    np.testing.assert_array_equal(
        np.array(array.tolist(), dtype=array.to_numpy().dtype), np.array(nested, dtype=array.to_numpy().dtype)
    )


@pytest.mark.parametrize("nested", [[1, [2]], [[1], 2], [[1], [2, 3]], ["a", 1], {"a": 1}, 2**70, object()])
def test_lists_without_a_common_shape_or_type_are_refused(nested: Any) -> None:
    with pytest.raises(ValueError, match=r"ragged|type"):
        Array.of(nested)
