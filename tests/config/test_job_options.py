"""The typed dictionaries have the options of the contract."""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import arguments
from qiskit_runtime_rest.config.job_options import EstimatorOptions, RunOptions, SamplerOptions, SubmitOptions

SCHEMAS = json.loads((Path(__file__).parents[2] / "openapi.json").read_text())["components"]["schemas"]


def names_of(kind: Any) -> Any:
    """The keys of a typed dictionary, with those of dictionaries inside; None for another type."""
    if not typing.is_typeddict(kind):
        return None
    return {name: names_of(part) for name, part in typing.get_type_hints(kind, vars(arguments)).items()}


def names_in(schema: dict[str, Any]) -> Any:
    properties = schema.get("properties")
    return {name: names_in(part) for name, part in properties.items()} if properties else None


@pytest.mark.parametrize(
    ("schema", "kind"), [("JobRunParamsSampler", SamplerOptions), ("JobRunParamsEstimator", EstimatorOptions)]
)
def test_options_are_those_of_the_contract(schema: str, kind: type) -> None:
    assert names_of(kind) == names_in(SCHEMAS[schema]["properties"]["options"])


def test_only_the_backend_is_required() -> None:
    assert SubmitOptions.__required_keys__ == {"backend"}
    assert not RunOptions.__required_keys__
