"""Results of the first primitives (V1), and of other programs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import qiskit.result

from qiskit_runtime_rest.errors import ResultDecodeError
from qiskit_runtime_rest.results import ItemLacks, QuasiDistribution, decode

from .documents import encoded


def test_quasi_distributions_have_integer_outcomes() -> None:
    raw = encoded({"quasi_dists": [{"01": 1.0, "10": -0.25}, {"0x3": 0.5}], "metadata": [{"shots": 1024}, {}]})
    result = decode(raw, program_id="sampler")
    assert (result.kind, len(result), result.metadata) == ("quasi-distributions", 2, {})
    first, second = result
    assert isinstance(first, QuasiDistribution)
    assert (first.quasi_dist, first.metadata) == ({1: 1.0, 2: -0.25}, {"shots": 1024})
    assert first.probabilities() == {"01": 1.0, "10": -0.25}
    assert first.probabilities(num_bits=4) == {"0001": 1.0, "0010": -0.25}
    assert isinstance(second, QuasiDistribution)
    assert second.quasi_dist == {3: 0.5}
    assert first.to_qiskit() == {1: 1.0, 2: -0.25}
    assert result.to_qiskit().quasi_dists == [{1: 1.0, 2: -0.25}, {3: 0.5}]
    assert result.to_dict()["results"][0] == {"quasi_dist": {"1": 1.0, "2": -0.25}, "metadata": {"shots": 1024}}
    assert "10" in first._repr_html_()
    with pytest.raises(ItemLacks, match=r"it has quasi_dist, probabilities\(\)"):
        first.counts()


@pytest.mark.parametrize(
    ("distribution", "outcomes", "bit_strings"),
    [
        ({"00": 0.5, "11": 0.5}, [0, 3], ["00", "11"]),
        ({"001": 1.0}, [1], ["001"]),
        ({"1": 1.0}, [1], ["1"]),
        ({"10": 1.0}, [2], ["10"]),
        ({"0 1": 0.5, "1 0": 0.5}, [1, 2], ["01", "10"]),
        ({"0b0": 0.5, "0b11": 0.5}, [0, 3], ["00", "11"]),
        ({"0x3": 0.5, "0xA": 0.5}, [3, 10], ["0011", "1010"]),
        ({"3": 0.5, "10": 0.5, "__int_keys__": True}, [3, 10], ["0011", "1010"]),
    ],
    ids=str,
)
def test_every_published_spelling_of_outcomes_is_read(
    distribution: dict[str, Any], outcomes: list[int], bit_strings: list[str]
) -> None:
    (item,) = decode(encoded({"quasi_dists": [distribution], "metadata": [{}]}))
    assert isinstance(item, QuasiDistribution)
    assert list(item.quasi_dist) == outcomes
    assert list(item.probabilities()) == bit_strings
    if "__int_keys__" not in distribution:
        compact = {key.replace(" ", ""): value for key, value in distribution.items()}
        assert dict(item.quasi_dist) == qiskit.result.QuasiDistribution(compact)


@pytest.mark.parametrize(
    "distribution",
    [
        {"3": 1.0},
        {"0": 0.5, "3": 0.5},
        {"11": 0.5, "0x2": 0.5},
        {"0b1": 0.5, "0x2": 0.5},
        {"01": 0.5, "1 ": 0.5, "0 1": 0.5},
        {"-1": 1.0, "__int_keys__": True},
        {"": 1.0},
    ],
    ids=str,
)
def test_outcomes_that_are_not_spelled_alike_are_refused(distribution: dict[str, Any]) -> None:
    result = decode(encoded({"quasi_dists": [distribution], "metadata": [{}]}))
    with pytest.raises(ResultDecodeError, match="quasi-distribution"):
        result[0]


@pytest.mark.parametrize("entries", [{"quasi_dists": [{"0": 1.0}, {"1": 1.0}]}, {"values": [0.5, 1.0]}], ids=str)
def test_one_object_of_metadata_describes_every_entry(entries: dict[str, Any]) -> None:
    result = decode(encoded(entries | {"metadata": {"shots": 100}}))
    assert [item.metadata for item in result] == [{"shots": 100}] * 2


def test_an_empty_distribution_is_possible() -> None:
    (item,) = decode(encoded({"quasi_dists": [{}]}))
    assert isinstance(item, QuasiDistribution)
    assert item.probabilities() == {}


@pytest.mark.parametrize("values", [[0.5, -1], np.array([0.5, -1.0])])
def test_values_are_expectation_values(values: Any) -> None:
    metadata = [{"variance": 0.25, "shots": 100}, {}]
    result = decode(encoded({"values": values, "metadata": metadata}), program_id="estimator")
    assert (result.kind, [item.evs for item in result]) == ("values", [0.5, -1.0])
    assert result[0].stds == 0.05
    assert result[1].stds is None
    assert result.to_qiskit().values.tolist() == [0.5, -1.0]
    assert result[0].metadata == metadata[0]


def test_a_log_is_text() -> None:
    log = "Traceback (most recent call last):\n  é\n[not JSON"
    result = decode(log.encode(), program_id="my-program")
    assert (result.kind, result.text, result.value, len(result), list(result)) == ("text", log, log, 0, [])
    assert result.metadata == {}
    assert result.to_dict() == {"kind": "text", "value": log}
    assert repr(decode(b"x" * 500)).endswith("…')")
    assert "Traceback" in repr(result)
    with pytest.raises(IndexError, match="0 items"):
        result[0]
    with pytest.raises(TypeError, match="text"):
        result.to_qiskit()


@pytest.mark.parametrize("program", ["sampler", "estimator", "executor", "noise-learner", "noise-learner-v3"])
@pytest.mark.parametrize("raw", [b"<html>sign in</html>", b"abc", b'"x"', b"\xef\xbb\xbf<!DOCTYPE html>", b"[not JSON"])
def test_a_text_is_refused_for_a_program_with_a_known_format(program: str, raw: bytes) -> None:
    with pytest.raises(ResultDecodeError, match=f"not the format of a result of the program '{program}'") as caught:
        decode(raw, program_id=program)
    assert caught.value.raw == raw
    assert decode(raw, program_id="my-program").kind == "text"


def test_a_json_text_is_its_content() -> None:
    result = decode(b'"All done!"')
    assert (result.kind, result.text) == ("text", "All done!")
    assert result == decode(b"All done!")
    assert result != decode(b"All done?")
    assert result != "All done!"


@pytest.mark.parametrize(
    "document",
    [
        [1, 2],
        {"iterations": [1, 2], "when": 3},
        {"results": [{"data": {"counts": {"0x0": 3}}, "success": True}]},
        {"schema_version": "v0.1", "start": "2026-01-01T00:00:00Z", "stop": "2026-01-01T00:00:00Z"},
        None,
        3,
    ],
)
def test_json_of_other_programs_is_the_value(document: Any) -> None:
    result = decode(encoded(document), program_id="circuit-runner")
    assert (result.kind, result.value, len(result)) == ("json", document, 0)
    assert result.to_dict() == {"kind": "json", "value": document}
    with pytest.raises(ResultDecodeError, match="not the format of a result of the program 'sampler'"):
        decode(encoded(document), program_id="sampler")


def test_wrapped_values_of_other_programs_are_unwrapped() -> None:
    result = decode(encoded({"array": np.arange(3), "keys": {"__int_keys__": True, "1": 2}, "z": 1j}))
    assert result.value["array"].tolist() == [0, 1, 2]
    assert (result.value["keys"], result.value["z"]) == ({1: 2}, 1j)
    json.dumps(result.to_dict())
