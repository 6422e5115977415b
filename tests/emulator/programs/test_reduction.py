"""Circuits that fall apart into pieces give the samples that they would give as a whole."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from qiskit_runtime_rest.emulator import devices

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'


def bits(outcome: Any, register: str = "c") -> Any:
    """Shots along the first axis, bits along the second, lowest first."""
    found = json.loads(outcome.body)["results"][0]["data"][register]
    samples = [int(sample, 16) for sample in found["samples"]]
    return np.array([[sample >> place & 1 for place in range(found["num_bits"])] for sample in samples])


def pairs(backend: str, number: int) -> list[tuple[int, int]]:
    """Coupled pairs of a device with no qubit in common, the best calibrated first."""
    errors = {
        tuple(gate["qubits"]): gate["parameters"][0]["value"]
        for gate in devices.get(backend).properties["gates"]
        if gate["gate"] == "cz"
    }
    chosen: list[tuple[int, int]] = []
    for pair in sorted(errors, key=errors.__getitem__):
        if all(set(pair).isdisjoint(other) for other in chosen):
            chosen.append((pair[0], pair[1]))
    return chosen[:number]


def test_pairs_stay_together_and_are_independent(completed: Any) -> None:
    chosen = pairs("ibm_fez", 20)
    text = f"{HEADER} bit[40] c;"
    for place, (first, second) in enumerate(chosen):
        h = "rz(pi/2) ${0}; sx ${0}; rz(pi/2) ${0};"
        text += f"{h.format(first)} {h.format(second)} cz ${first}, ${second}; {h.format(second)}"
        # The bits of a pair lie far apart.
        text += f"c[{place}] = measure ${first}; c[{39 - place}] = measure ${second};"
    found = bits(completed("sampler", {"pubs": [[text, None, 2000]]}, backend="ibm_fez"))
    assert np.all(np.abs(found.mean(axis=0) - 0.5) < 0.1)
    agreement = np.corrcoef(found.T)
    for place in range(20):
        assert agreement[place, 39 - place] > 0.75
        agreement[place, 39 - place] = agreement[39 - place, place] = 0
    assert np.max(np.abs(agreement - np.eye(40))) < 5 / np.sqrt(2000)


def test_the_later_of_two_measurements_into_one_bit_counts(completed: Any) -> None:
    body = "c[0] = measure $1; c[0] = measure $2;"
    ones = [
        bits(completed("sampler", {"pubs": [[f"{HEADER} bit[1] c; x ${qubit}; {body}", None, 200]]}, backend="ibm_fez"))
        for qubit in (1, 2)
    ]
    assert ones[0].mean() < 0.2
    assert ones[1].mean() > 0.8


def test_bits_that_nothing_is_measured_into_are_zero(completed: Any) -> None:
    text = f"{HEADER} bit[3] c; bit[2] d; x $0; x $1; x $2; c[1] = measure $0;"
    outcome = completed("sampler", {"pubs": [[text, None, 100]]}, backend="ibm_fez")
    assert bits(outcome)[:, 1].mean() > 0.8
    assert not bits(outcome)[:, [0, 2]].any()
    assert not bits(outcome, "d").any()


def test_parameters_reach_their_own_piece(completed: Any) -> None:
    names = [f"w{index}" for index in range(12)]
    text = HEADER + "".join(f"input float[64] {name};" for name in names) + "bit[12] c;"
    for index, name in enumerate(names):
        text += f"sx ${index}; rz({name}) ${index}; sx ${index}; c[{index}] = measure ${index};"
    turned = {name: [np.pi, 0.0] if index % 3 else [0.0, np.pi] for index, name in enumerate(names)}
    outcome = completed("sampler", {"pubs": [[text, turned, 200]]}, backend="ibm_fez")
    samples = json.loads(outcome.body)["results"][0]["data"]["c"]["samples"]
    every_third = sum(1 << index for index in range(0, 12, 3))
    for found, expected in zip(samples, (every_third, 0xFFF ^ every_third), strict=True):
        wrong = [(int(sample, 16) ^ expected).bit_count() for sample in found]
        assert np.mean(wrong) < 1.5


def test_a_measured_qubit_may_be_used_and_measured_again(completed: Any) -> None:
    text = f"{HEADER} bit[2] c; x $5; c[0] = measure $5; x $5; c[1] = measure $5;"
    found = bits(completed("sampler", {"pubs": [[text, None, 500]]}, backend="ibm_fez"))
    assert found[:, 0].mean() > 0.9
    assert found[:, 1].mean() < 0.1
