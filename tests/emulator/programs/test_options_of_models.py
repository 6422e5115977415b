"""Each option of IBM's models takes effect, which a test shows, or the page says what it does."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

ROOT = Path(__file__).parents[3]
MODELS = {
    "sampler": "sampler.version_0_1",
    "estimator": "estimator.version_0_1",
    "noise-learner V2": "noise_learner_v2.version_0_1.models",
    "noise-learner V3": "noise_learner_v3.version_0_3.models",
    "executor": "executor.version_2_0.models",
}
SHOWN = {
    "default_shots": "test_sampler.py::test_shots_come_from_the_pub_the_job_or_the_options",
    "default_precision": "test_estimator.py::test_the_precision_decides_the_shots",
    "seed_estimator": "test_estimator.py::test_seeds_decide_the_values",
    "seed_simulator": "test_sampler.py::test_the_seed_of_the_job_has_precedence",
    "init_qubits": "test_execution_options.py::test_shots_of_the_sampler_start_in_what_is_left",
    "rep_delay": "test_execution_options.py::test_shots_of_the_estimator_start_in_what_is_left",
    "meas_type": "test_execution_options.py::test_the_sampler_returns_points",
    "scheduler_timing": "test_executor.py::test_the_timing_of_circuits_is_answered_if_it_is_asked_for",
    "stretch_values": "test_executor.py::test_the_timing_of_circuits_is_answered_if_it_is_asked_for",
    "dynamical_decoupling": "test_suppression.py::test_decoupling_puts_gates_into_idle_times",
    "twirling": "test_suppression.py::test_twirled_shots_are_those_that_were_asked_for",
    "measure_mitigation": "test_suppression.py::test_level_1_takes_the_errors_of_readout_away",
    "measure_noise_learning": "test_execution_options.py::"
    "test_the_calibration_of_readout_has_the_shots_that_were_asked_for",
    "zne_mitigation": "test_suppression.py::test_zero_noise_extrapolation_shows_what_it_measured",
    "zne": "test_suppression.py::test_zero_noise_extrapolation_shows_what_it_measured",
    "pec_mitigation": "test_suppression.py::test_noise_that_was_learned_first_is_cancelled",
    "pec": "test_suppression.py::test_noise_that_was_learned_first_is_cancelled",
    "layer_noise_learning": "test_suppression.py::test_noise_that_was_learned_first_is_cancelled",
    "layer_noise_model": "test_suppression.py::test_a_learned_model_can_be_assigned",
    "max_layers_to_learn": "test_noise_learner.py::test_layers_are_learned_the_most_frequent_first",
    "twirling_strategy": "test_noise_learner.py::test_idle_qubits_belong_to_a_layer_as_the_strategy_says",
    "shots_per_randomization": "test_noise_learner.py::test_the_experiments_are_counted",
    "num_randomizations": "test_noise_learner.py::test_the_experiments_are_counted",
    "layer_pair_depths": "test_noise_learner.py::test_the_experiments_are_counted",
}
"""A group, or an option, with a test of its effect."""


def options(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """The paths of all options of a model."""
    for name, field in model.model_fields.items():
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type)]
        groups = [
            one for one in inner if issubclass(one, BaseModel) and name not in ("noise_model", "layer_noise_model")
        ]
        if groups:
            yield from options(groups[0], f"{path}{name}.")
        else:
            yield path + name


def page() -> set[str]:
    """Options that the page names."""
    text = (ROOT / "docs/emulator.md").read_text(encoding="utf-8")
    table = text.split("### What options do")[1].split("\n## ")[0]
    return set(re.findall(r"`([\w.]+)`", table))


@pytest.mark.parametrize("program", MODELS)
def test_each_option_has_an_effect_or_an_entry(program: str) -> None:
    module: Any = importlib.import_module(f"ibm_quantum_schemas.{MODELS[program]}")
    model = module.ParamsModel.model_rebuild(force=True) and module.ParamsModel.model_fields["options"].annotation
    for path in options(model):
        assert {*path.split("."), path} & (SHOWN.keys() | page()), path


def test_the_tests_of_options_exist() -> None:
    for place in SHOWN.values():
        file, name = place.split("::")
        assert f"def {name}(" in (Path(__file__).parent / file).read_text(encoding="utf-8"), place
