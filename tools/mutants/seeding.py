"""Seed one fault, and run the contract's checks on it."""

from __future__ import annotations

import time
from functools import partial

from attrs import frozen

from qiskit_runtime_rest.conformance.embedded import in_process
from qiskit_runtime_rest.conformance.run import Scope, check

from .faults import GOOD, MUTANTS
from .layer import Layer, Mutant

__all__ = ["Outcome", "seed", "seed_number"]

EXAMPLES = 20


@frozen
class Outcome:
    """The outcome for one fault; `found_by` is empty if it survived."""

    name: str
    operation: str
    found_by: str
    seconds: float


def seed(mutant: Mutant) -> Outcome:
    """Check the operation of the fault in a service with this fault."""
    begun = time.monotonic()
    GOOD.clear()
    scope = Scope(
        examples=EXAMPLES,
        most_findings=1,
        operations=(mutant.operation, *mutant.beside),
        phases=("examples", "coverage", "stateful") if mutant.beside else ("examples", "coverage", "fuzzing"),
    )
    with in_process(partial(Layer, mutant=mutant), finished=False) as target:
        report = check(target, scope)
    found = sorted({finding.failure for finding in report.findings.values()})
    return Outcome(mutant.name, mutant.operation, ", ".join(found), time.monotonic() - begun)


def seed_number(number: int) -> Outcome:
    """Seed a fault by its index in the list, for other processes."""
    return seed(MUTANTS[number])
