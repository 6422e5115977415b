"""The contract's checks find faults that `make contract-mutants` seeds, and nothing without a fault."""

from __future__ import annotations

import pytest

from tools.mutants.faults import MUTANTS
from tools.mutants.layer import Mutant
from tools.mutants.seeding import seed

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}


def test_there_are_twenty_faults_with_different_names() -> None:
    assert len(BY_NAME) == len(MUTANTS) >= 20


@pytest.mark.parametrize(
    ("name", "found_by"),
    [("a required field is missing", "JsonSchemaError"), ("a forged token is accepted", "WrongCredentials")],
)
def test_a_fault_is_found(name: str, found_by: str) -> None:
    assert found_by in seed(BY_NAME[name]).found_by


def test_a_layer_without_a_fault_finds_nothing() -> None:
    assert seed(Mutant(name="none", operation="get_usage")).found_by == ""
