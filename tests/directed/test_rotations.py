"""Flips of outcomes, and the turns into bases."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import SparsePauliOp, Statevector

from qiskit_runtime_rest import EstimatorOptions, JobRequest
from qiskit_runtime_rest.directed.rotations import ANGLES, balanced_flips, basis_change


@pytest.mark.parametrize(("bits", "size"), [(1, 2), (2, 4), (3, 8), (4, 8), (5, 16), (8, 16), (16, 32)])
def test_few_flips_do_as_well_as_all(bits: int, size: int) -> None:
    flips, repetitions = balanced_flips(32, bits, seed=bits)
    assert (len(flips), repetitions) == (size, 32 // size)
    every = (1 << bits) - 1
    assert all(one ^ other == every for one, other in zip(flips[::2], flips[1::2], strict=True))
    for chosen in itertools.combinations(range(bits), min(3, bits)):
        values = Counter(tuple(number >> bit & 1 for bit in chosen) for number in flips)
        assert set(values.values()) == {size // 2 ** len(chosen)}, chosen
    assert balanced_flips(32, bits, seed=bits) == (flips, repetitions)


@pytest.mark.parametrize(("randomizations", "bits"), [(32, 17), (20, 5), (1, 1), (7, 3)])
def test_otherwise_flips_are_random(randomizations: int, bits: int) -> None:
    flips, repetitions = balanced_flips(randomizations, bits, seed=1)
    assert (len(flips), repetitions) == (randomizations, 1)


@pytest.mark.parametrize("readout", [(0.02, 0.12), (0.3, 0.1)])
def test_readout_errors_cancel_exactly(readout: tuple[float, float]) -> None:
    """The mean over flips of what is read is the true sign, shrunk by a factor that the state does not change."""
    flips, _ = balanced_flips(8, 3, seed=3)
    zero, one = readout
    means = (1 - 2 * zero, 2 * one - 1)
    for observed in range(1, 8):
        for state in range(8):
            read = [
                np.prod(
                    [
                        means[(state ^ number) >> bit & 1] * (-1) ** (number >> bit & 1)
                        for bit in range(3)
                        if observed >> bit & 1
                    ]
                )
                for number in flips
            ]
            shrunk = (1 - zero - one) ** observed.bit_count()
            assert np.mean(read) == pytest.approx(shrunk * (-1) ** (state & observed).bit_count())


@pytest.mark.parametrize(("basis", "flipped"), list(ANGLES))
def test_turns_lead_to_the_basis(basis: str, flipped: bool) -> None:
    head = 'OPENQASM 3.0; include "stdgates.inc"; input float[64] turn; '
    turned = qasm3.loads(head + basis_change("$0", "turn")).assign_parameters([ANGLES[basis, flipped]])
    start = QuantumCircuit(1)
    start.u(0.7, 1.1, 0.3, 0)
    found = Statevector(start.compose(turned)).expectation_value(SparsePauliOp("Z")).real
    expected = Statevector(start).expectation_value(SparsePauliOp(basis)).real
    assert found == pytest.approx(-expected if flipped else expected)


def sweep(randomizations: int) -> Any:
    text = """OPENQASM 3.0;
include "stdgates.inc";
input float turn;
sx $0; rz(turn) $0; sx $0; cz $0, $1; sx $1;"""
    values = [[0.03 * point] for point in range(50)]
    options: EstimatorOptions = {"twirling": {"num_randomizations": randomizations, "shots_per_randomization": 4}}
    pub = (text, [["XZ"], ["ZX"], ["YY"]], values)
    return JobRequest.estimator([pub], backend="b", via="executor", options=options)


def test_many_randomizations_do_not_make_a_request_larger() -> None:
    small, large = sweep(4), sweep(64)
    assert len(large.to_json()) < len(small.to_json()) + 40
    (item, calibration) = large.params["quantum_program"]["items"]
    assert item["shape"] == [16, 50 * 3 * 4]
    assert item["circuit_arguments"]["shape"] == [50 * 3 * 4, 3]
    assert calibration["shape"] == [16, 4]
