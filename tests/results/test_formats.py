"""The format of a document decides who reads it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from qiskit_runtime_rest.plans.effects import InThread, OnExecutor
from qiskit_runtime_rest.results import EstimatorPub, ItemLacks, SamplerPub, decode, decode_on
from qiskit_runtime_rest.results.checks import Malformed, check_bits, check_size, expect, expect_shape, member
from qiskit_runtime_rest.results.formats import recognise
from qiskit_runtime_rest.results.large_documents import LARGE_BYTES
from qiskit_runtime_rest.results.result import unpack
from qiskit_runtime_rest.results.result_item import ResultItem

EMPTY_PUBS: dict[str, Any] = {"results": [], "metadata": {}}
EMPTY_DATA: dict[str, Any] = {"schema_version": "v1.0", "data": []}
EMPTY_WRAPPED: dict[str, Any] = {"__type__": "PrimitiveResult", "__value__": {"pub_results": []}}
BITS: dict[str, Any] = {"data": {"c": {"samples": ["0x1"], "num_bits": 1}}}
RAW = b'{"results": [{"data": {"evs": 0.5}}]}'


@pytest.mark.parametrize(
    ("document", "program_id", "kind"),
    [
        ({"results": [BITS]}, None, "sampler"),
        ({"results": [BITS]}, "estimator", "sampler"),
        ({"results": [{"data": {"evs": 0.5}}]}, "sampler", "estimator"),
        (EMPTY_PUBS, "sampler", "sampler"),
        (EMPTY_PUBS, "estimator", "estimator"),
        (EMPTY_PUBS, None, None),
        (EMPTY_PUBS, "executor", None),
        (EMPTY_WRAPPED, None, "sampler"),
        (EMPTY_WRAPPED, "estimator", "estimator"),
        (EMPTY_DATA, None, "executor"),
        (EMPTY_DATA, "noise-learner", "noise-learner-v3"),
        ({**EMPTY_DATA, "data": [{"results": {}}]}, "noise-learner", "executor"),
        ({**EMPTY_DATA, "data": [{"generators_sparse": []}]}, "executor", "noise-learner-v3"),
        ({**EMPTY_DATA, "data": [1]}, "executor", None),
        ({"data": [], "metadata": {}}, "noise-learner", "noise-learner"),
        ({"data": [], "metadata": {}}, None, None),
        ({"quasi_dists": []}, "sampler", "quasi-distributions"),
        ({"values": [], "metadata": []}, "estimator", "values"),
        ({"values": []}, "estimator", None),
        ({"results": [{"data": {"counts": {}}}]}, "sampler", None),
        ({"__type__": "PrimitiveResult"}, None, None),
        ([], "sampler", None),
        (None, None, None),
        ("text", "sampler", None),
    ],
)
def test_the_content_decides_the_format_and_the_program_that_of_empty_results(
    document: Any, program_id: str | None, kind: str | None
) -> None:
    found = recognise(document, program_id=program_id)
    assert (None if found is None else found.kind) == kind


def test_items_are_read_by_the_reader_of_their_format() -> None:
    assert isinstance(decode(RAW)[0], EstimatorPub)
    sampler = recognise({"results": [BITS]}, program_id=None)
    assert sampler is not None
    assert isinstance(sampler.read_item(BITS, 0), SamplerPub)


@pytest.mark.parametrize("document", [{**EMPTY_WRAPPED, "__value__": {}}, {"schema_version": 1, "data": []}])
def test_a_known_format_with_a_missing_part_is_malformed(document: Any) -> None:
    with pytest.raises(Malformed):
        recognise(document, program_id=None)


def test_checks_name_the_part_that_is_wrong() -> None:
    assert (member({"a": 1}, "a", what="a pub"), expect(1, int, what="shots")) == (1, 1)
    with pytest.raises(Malformed, match=r"^shots: expected int, got bool$"):
        expect(True, int, what="shots")
    with pytest.raises(Malformed, match=r"^a pub: expected dict, got list$"):
        member([], "data", what="a pub")
    with pytest.raises(Malformed, match=r"^a pub has no 'data'$"):
        member({}, "data", what="a pub")
    with pytest.raises(Malformed, match="must be between 0 and 1048576"):
        check_bits(2**20 + 1)
    with pytest.raises(Malformed, match="negative size"):
        expect_shape([2, -1])
    with pytest.raises(Malformed, match="at most 64 integers"):
        expect_shape([1] * 65)
    assert (check_size((2, 3), bits=1), check_size((), bits=8), check_size((0, 5), bits=8)) == (6, 1, 0)
    for shape in ((2**31 + 1,), (0, 2**25)):
        with pytest.raises(Malformed, match="exceeds the limit"):
            check_size(shape, bits=8)


def test_an_item_lacks_everything_that_its_kind_does_not_have() -> None:
    item = ResultItem()
    for ask in (item.counts, item.bitstrings, item.ints, item.bits, item.to_dict, item.to_numpy, item.to_qiskit):
        with pytest.raises(ItemLacks, match=r"^a result's item has no .*; it has metadata$"):
            ask()
    assert not any(hasattr(item, name) for name in ("data", "evs", "stds"))


def test_a_small_result_is_decoded_here_without_an_effect() -> None:
    with pytest.raises(StopIteration) as done:
        next(decode_on(None, RAW, program_id="estimator"))
    assert done.value.value == decode(RAW)


def test_a_large_result_is_decoded_in_a_thread() -> None:
    raw = RAW + b" " * LARGE_BYTES
    plan = decode_on(None, raw, program_id="estimator")
    effect = next(plan)
    assert isinstance(effect, InThread)
    result = decode(raw)
    with pytest.raises(StopIteration) as done:
        plan.send(result)
    assert done.value.value is result


def test_an_executor_unpacks_everything() -> None:
    with ThreadPoolExecutor(1) as executor:
        plan = decode_on(executor, RAW, program_id="estimator")
        assert next(plan) == OnExecutor(executor, unpack, (RAW, "estimator"))
        with pytest.raises(StopIteration) as done:
            plan.send(unpack(RAW, "estimator"))
    result = done.value.value
    assert (result.raw, result.kind, result[0].evs, result.metadata) == (RAW, "estimator", 0.5, {})
    assert result == decode(RAW)
