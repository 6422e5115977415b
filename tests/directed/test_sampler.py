"""The sampler as programs of the executor agrees with theory."""

from __future__ import annotations

from typing import Any

import pytest

from qiskit_runtime_rest import InvalidInput, JobRequest, SamplerOptions
from qiskit_runtime_rest.results import Bits, SamplerPub

from .ideal import sample

TWIRLED: SamplerOptions = {"twirling": {"enable_measure": True}}
READOUT = (0.0, 0.3)

REGISTERS = """OPENQASM 3.0;
include "stdgates.inc";
qubit[4] q;
bit[1] early;
bit[2] a;
bit b;
input float turn;
x q[0];
early[0] = measure q[0];
if (early[0]) { x q[1]; }
a[1] = measure q[1];
measure q[2] -> a[0];
sx q[3]; rz(turn) q[3]; sx q[3];
b = measure q[3];
"""
"""A mid-circuit measurement that a gate depends on, a register in parts, and a single bit."""

PI = 3.141592653589793


@pytest.mark.parametrize("options", [None, TWIRLED], ids=["bare", "twirled"])
def test_registers_and_sweeps(options: Any) -> None:
    result = sample([(REGISTERS, [[[PI], [0.0]]]), (REGISTERS, {"turn": 0.0})], shots=256, options=options)
    swept, single = result
    assert isinstance(swept, SamplerPub)
    assert (result.kind, swept.shape, list(swept.data)) == ("sampler", (1, 2), ["early", "a", "b"])
    assert all(isinstance(register, Bits) and register.num_shots == 256 for register in swept.data.values())
    for index, last in (((0, 0), "0"), ((0, 1), "1")):
        assert swept.counts(register="early", index=index) == {"1": 256}
        assert swept.counts(register="a", index=index) == {"10": 256}
        assert swept.counts(register="b", index=index) == {last: 256}
    assert single.counts() == {"1101": 256}
    assert swept.metadata.get("num_randomizations") == (4 if options else None)


def test_twirling_makes_readout_errors_symmetric() -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[1]; c = measure q;'
    bare = sample([text], shots=4096, readout=READOUT)[0].bits("c")
    twirled = sample([text], shots=4096, readout=READOUT, options=TWIRLED)[0].bits("c")
    zeros, ones = (
        [bits.slice_bits([bit]).counts().get("10"[bit], 0) / 4096 for bit in (0, 1)] for bits in (bare, twirled)
    )
    assert zeros[0] == 0
    assert abs(zeros[1] - 0.3) < 0.05
    assert abs(ones[0] - 0.15) < 0.05
    assert abs(ones[1] - 0.15) < 0.05


def test_only_final_measurements_are_twirled() -> None:
    params = JobRequest.sampler([(REGISTERS, [0.0])], backend="b", via="executor", options=TWIRLED).params
    (text,) = params["quantum_program"]["circuits"]["data"]
    assert text.count("sx") == 2 * 3 + 2
    assert params["quantum_program"]["items"][0]["shape"] == [32]
    assert params["quantum_program"]["shots"] == 128
    assert "semantic_role" not in params["quantum_program"]


def test_shots_follow_pub_argument_options_and_default() -> None:
    def shots(*pubs: Any, **arguments: Any) -> list[int]:
        parts = JobRequest.sampler(list(pubs), backend="b", **arguments).split("executor")
        return [part.request.params["quantum_program"]["shots"] for part in parts]

    text = "OPENQASM 3.0; qubit q; bit c; c = measure q;"
    assert shots(text) == [4096]
    assert shots(text, options={"default_shots": 9}) == [9]
    assert shots(text, shots=5, options={"default_shots": 9}) == [5]
    assert shots((text, None, 3), text, (text, None, 3), shots=5) == [3, 5]
    split = {"twirling": {"enable_measure": True, "num_randomizations": 10, "shots_per_randomization": 7}}
    assert shots(text, options=split) == [7]


def test_options_of_the_executor_are_passed_on() -> None:
    text = "OPENQASM 3.0; qubit q; bit c; c = measure q;"
    options: SamplerOptions = {
        "execution": {"init_qubits": False, "rep_delay": 1e-4, "meas_type": "kerneled"},
        "experimental": {"x": 1},
    }
    params = JobRequest.sampler([text], backend="b", via="executor", options=options).params
    assert params["options"] == {"init_qubits": False, "rep_delay": 1e-4, "experimental": {"x": 1}}
    assert params["quantum_program"]["meas_level"] == "kerneled"


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("OPENQASM 2.0; qreg q[1]; creg c[1]; measure q -> c;", {}, "pub 0: the circuit is OpenQASM 2"),
        (
            "OPENQASM 3.0; qubit[2] q; bit[2] c; c = measure q[0:1];",
            {"options": TWIRLED},
            "registers or their elements",
        ),
        ("OPENQASM 3.0; qubit q;", {"options": {**TWIRLED, "execution": {"meas_type": "kerneled"}}}, "classified"),
        ("OPENQASM 3.0; qubit q;", {"options": {"dynamical_decoupling": {"enable": True}}}, "dynamical decoupling"),
        ("OPENQASM 3.0; qubit q;", {"options": {"execution": 3}}, "dict of options"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(text: str, arguments: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        JobRequest.sampler([text], backend="b", via="executor", **arguments)


def test_via_has_two_values() -> None:
    with pytest.raises(InvalidInput, match="service, executor"):
        JobRequest.sampler(["OPENQASM 3.0;"], backend="b", via="qiskit")  # type: ignore[arg-type]
    assert JobRequest.sampler(["OPENQASM 3.0;"], backend="b", via="service").program_id == "sampler"
