"""Requests and pubs alone: what is sent, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import InvalidInput, JobRequest
from qiskit_runtime_rest.submission import check_tags
from qiskit_runtime_rest.submission.pubs import estimator_params, sampler_params

CIRCUIT = "OPENQASM 3.0;\n"


def request(**fields: Any) -> JobRequest:
    return JobRequest(**{"program_id": "sampler", "backend": "b", "params": {}, **fields})


class Array:
    """As numpy's arrays."""

    def tolist(self) -> list[float]:
        return [0.5]


@pytest.mark.parametrize(
    ("pubs", "sent"),
    [
        (CIRCUIT, [[CIRCUIT]]),
        ([CIRCUIT, CIRCUIT], [[CIRCUIT], [CIRCUIT]]),
        ((CIRCUIT, CIRCUIT), [[CIRCUIT], [CIRCUIT]]),
        ((CIRCUIT, Array(), 7), [[CIRCUIT, [0.5], 7]]),
        ([(CIRCUIT, {"a": Array()})], [[CIRCUIT, {"a": [0.5]}]]),
        ([[CIRCUIT, None, None]], [[CIRCUIT, None, None]]),
    ],
)
def test_pubs_of_the_sampler(pubs: Any, sent: Any) -> None:
    assert sampler_params(pubs) == {"pubs": sent, "version": 2, "support_qiskit": True}


def test_options_of_the_sampler_are_sent_as_they_are() -> None:
    params = sampler_params([CIRCUIT], shots=5, options={"a": {"b": Array()}})
    assert (params["shots"], params["options"]) == (5, {"a": {"b": [0.5]}})
    assert "options" not in sampler_params([CIRCUIT], options={})


@pytest.mark.parametrize(
    ("pubs", "shots", "accepted"),
    [
        ([CIRCUIT] * 2, 5_000_000, True),
        ([CIRCUIT] * 2, 5_000_001, False),
        ([(CIRCUIT, None, 10_000_000)], 5, True),
        ([(CIRCUIT, None, 10_000_001)], None, False),
        ([(CIRCUIT, None, None), CIRCUIT], 5_000_001, False),
    ],
)
def test_executions_are_limited(pubs: Any, shots: int | None, accepted: bool) -> None:
    if accepted:
        assert sampler_params(pubs, shots=shots)["pubs"]
    else:
        with pytest.raises(InvalidInput, match=r"a job takes 10,000,000 executions"):
            sampler_params(pubs, shots=shots)


@pytest.mark.parametrize(
    ("pub", "sent"),
    [
        ((CIRCUIT, "ZZ"), [CIRCUIT, "ZZ"]),
        ((CIRCUIT, ["ZZ", {"XX": 0.5}], Array(), 0.25), [CIRCUIT, ["ZZ", {"XX": 0.5}], [0.5], 0.25]),
        ((CIRCUIT, "ZZ", None, None), [CIRCUIT, "ZZ", None, None]),
    ],
)
def test_pubs_of_the_estimator(pub: Any, sent: Any) -> None:
    assert estimator_params(pub)["pubs"] == estimator_params([pub])["pubs"] == [sent]


def test_options_of_the_estimator() -> None:
    params = estimator_params((CIRCUIT, "Z"), precision=0.5, options={"a": 1}, resilience_level=2)
    assert {**params, "pubs": None} == {
        "pubs": None,
        "version": 2,
        "support_qiskit": True,
        "precision": 0.5,
        "resilience_level": 2,
        "options": {"a": 1},
    }
    assert set(estimator_params((CIRCUIT, "Z"))) == {"pubs", "version", "support_qiskit"}


@pytest.mark.parametrize(
    ("pubs", "why"),
    [
        ([], "nothing to estimate"),
        ([(CIRCUIT,)], "pub 0: a pub is"),
        ([(CIRCUIT, "Z"), (CIRCUIT, "Z", None, 0.1, 5)], "pub 1: a pub is"),
        ([(CIRCUIT, 5)], "observables are"),
        ([(CIRCUIT, {"Z": 1j})], "are complex"),
        ([(CIRCUIT, "Z", None, 0)], "precision=0 is not a positive number"),
        ([(CIRCUIT, "Z", None, float("inf"))], "not a positive number"),
        ([(CIRCUIT, "Z", None, True)], "not a positive number"),
        (b"x", "a pub is .*, not bytes"),
        ([b"x"], "not bytes"),
        ({"a": 1}, "not dict"),
        (5, "not int 5. A circuit is OpenQASM text, or a circuit of Qiskit, pytket or Cirq: write circuits"),
    ],
)
def test_other_pubs_are_refused(pubs: Any, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        estimator_params(pubs)


@pytest.mark.parametrize(
    ("circuit", "why"),
    [
        (" ", "the circuit is empty"),
        ("bell.qasm", "the name of a file"),
        (Path("no-such.qasm"), "the circuit no-such.qasm cannot be read"),
        (b"OPENQASM", r"pass circuit.decode\(\)"),
        (object(), "as OpenQASM text"),
    ],
)
def test_other_circuits_are_refused(circuit: Any, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        sampler_params([(circuit, None)])


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(InvalidInput) as refusal:
        sampler_params([(CIRCUIT, 1, 1, "x" * 60)])
    assert str(refusal.value).endswith("....")
    with pytest.raises(InvalidInput, match=r"not tuple \(\)"):
        sampler_params([()])


@pytest.mark.parametrize("level", [-1, 3, "1"])
def test_another_resilience_level_is_refused(level: Any) -> None:
    with pytest.raises(InvalidInput, match="must be 0, 1 or 2"):
        estimator_params((CIRCUIT, "Z"), resilience_level=level)


def test_arguments_left_out_are_not_sent() -> None:
    assert request().to_dict() == {"program_id": "sampler", "backend": "b", "params": {}}
    assert request(tags=[]).to_dict() == request().to_dict()


def test_all_arguments_are_sent_under_the_names_of_the_contract() -> None:
    full = request(
        tags=["t"], session_id="s", private=False, max_execution_time=0.5 + 1, log_level="DEBUG", calibration_id="c"
    )
    assert full.to_dict() == {
        **{"program_id": "sampler", "backend": "b", "params": {}},
        **{"tags": ["t"], "session_id": "s", "private": False, "cost": 2, "log_level": "debug", "calibration_id": "c"},
    }


def test_the_body_is_short_utf_8() -> None:
    body = request(params={"ä": [1, 2]}).to_json()
    assert body == '{"program_id":"sampler","backend":"b","params":{"ä":[1,2]}}'.encode()
    assert json.loads(body) == request(params={"ä": [1, 2]}).to_dict()


@pytest.mark.parametrize("params", [{"a": float("nan")}, {"a": object()}, {"a": {1, 2}}])
def test_params_that_are_not_json_are_refused(params: Any) -> None:
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        request(params=params).to_json()


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ("t", "expected a list of texts"),
        ({"t"}, "expected a list of texts"),
        (["t"] * 9, "9 tags: a job takes at most 8"),
        (["t" * 87], "at most 86 characters"),
        ([5], "tag 5"),
    ],
)
def test_tags_that_the_service_refuses_are_refused(tags: Any, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        check_tags(tags)
    with pytest.raises(InvalidInput, match=why):
        request(tags=tags)


def test_the_longest_and_most_tags_are_accepted() -> None:
    most = request(tags=["t" * 86] * 8)
    assert not most.has_room_for_a_tag
    assert request(tags=["t"] * 7).has_room_for_a_tag
    assert request().tagged("t").tags == ["t"]


def test_the_digest_does_not_depend_on_the_order_of_params() -> None:
    first, second = request(params={"a": 1, "b": 2}), request(params={"b": 2, "a": 1})
    assert first.digest() == second.digest() != request(params={"a": 1, "b": 3}).digest()


@pytest.mark.parametrize("level", ["loud", 5])
def test_another_log_level_is_refused(level: Any) -> None:
    with pytest.raises(InvalidInput, match="must be one of critical, error"):
        request(log_level=level)
