"""A backend of the service as Qiskit's `BackendV2`."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from qiskit.circuit import QuantumCircuit
from qiskit.providers import BackendV2, Options

from ..errors import InvalidInput
from ..submission.circuits import qpy_value
from ..submission.transpiling import device_models, device_target
from .jobs import BackendJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit.transpiler import Target

    from ..arguments import Named
    from ..client.client import RuntimeClient
    from ..config.job_options import SamplerExecution, SamplerOptions

__all__ = ["RuntimeBackend"]

CLASSIFIED = 2
"""Qiskit's number for measurements that return bits."""


class RuntimeBackend(BackendV2):
    """A backend of the service, for Qiskit's transpiler and for programs that take a `BackendV2`.

    Attributes:
        client: the client that it was made with.
    """

    def __init__(self, client: RuntimeClient, backend: str | Named) -> None:
        """Read the configuration of a backend.

        Args:
            client: it sends the requests.
            backend: name, such as `ibm_fez`, or an object of `client.backends`.

        Raises:
            NotFound, ApiError, TransportError: the configuration cannot be read.
        """
        name = backend if isinstance(backend, str) else backend.name
        self._configuration: dict[str, Any] = client.backends.configuration(name).to_dict()
        self.client = client
        super().__init__(
            name=name,
            description=self._configuration.get("description"),
            backend_version=self._configuration.get("backend_version"),
        )

    def __repr__(self) -> str:
        """Its name."""
        return f"<{type(self).__name__} {self.name}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> RuntimeBackend:
        """Itself: it stands for one device, and clients cannot be copied."""
        return self

    @cached_property
    def _models(self) -> tuple[Any, Any]:
        found = self.client.backends.properties(self.name)
        return device_models(self._configuration, None if found is None else found.to_dict())

    def configuration(self) -> Any:
        """The configuration as the object of IBM's SDK, in which other packages look things up."""
        return self._models[0]

    def properties(self) -> Any:
        """The calibration data as the object of IBM's SDK, as they were when first needed; None without any."""
        return self._models[1]

    @cached_property
    def target(self) -> Target:
        """Gates, couplings, error rates and durations, from configuration and properties."""
        return device_target(*self._models)

    @property
    def max_circuits(self) -> None:
        """None: the service limits the executions of a job, not its circuits."""
        return

    @classmethod
    def _default_options(cls) -> Options:
        return Options(
            shots=1024,
            memory=False,
            seed_simulator=None,
            init_qubits=None,
            rep_delay=None,
            meas_level=CLASSIFIED,
            meas_return=None,
        )

    def run(self, run_input: QuantumCircuit | Sequence[QuantumCircuit], **options: Any) -> BackendJob:
        """Run circuits as one job of the sampler. Its result has the counts of each.

        Args:
            run_input: circuits in the gates of the device, without free parameters.
            options: `shots` (1024), `memory` (False: whether to keep the outcome of each shot), `init_qubits`,
                `rep_delay`, and `seed_simulator`, which only simulators heed. `set_options` changes the defaults.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown.
        """
        circuits = [run_input] if isinstance(run_input, QuantumCircuit) else list(run_input)
        known = self.options
        unknown = [name for name in options if not hasattr(known, name)]
        if unknown:
            raise InvalidInput(f"run() of {self.name} takes no option {unknown[0]!r}.")
        chosen = copy.copy(known)
        chosen.update_options(**options)
        if chosen.meas_level != CLASSIFIED:
            raise InvalidInput(f"meas_level={chosen.meas_level!r}: run() returns bits only, level {CLASSIFIED}.")
        sections: SamplerOptions = {}
        execution = {name: chosen.get(name) for name in ("init_qubits", "rep_delay") if chosen.get(name) is not None}
        if execution:
            sections["execution"] = cast("SamplerExecution", execution)
        if chosen.seed_simulator is not None:
            sections["simulator"] = {"seed_simulator": chosen.seed_simulator}
        job = self.client.sampler(
            [(qpy_value(circuit),) for circuit in circuits],
            backend=self.name,
            shots=chosen.shots,
            options=sections or None,
        )
        return BackendJob(self, job, circuits, memory=chosen.memory)
