"""Qiskit's sampler and estimator over this client."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime.utils.utils import is_isa_circuit

from ..base.callers import warn
from ..errors import InvalidInput, SubmissionWarning
from ..submission.circuits import qpy_value
from ..submission.transpiling import optimization_level
from .jobs import PrimitiveJob

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Unpack

    from qiskit.circuit import QuantumCircuit
    from qiskit.primitives.containers import EstimatorPubLike, SamplerPubLike

    from ..config.job_options import EstimatorOptions, RunOptions, SamplerOptions
    from ..config.options import Primitives
    from .backend import RuntimeBackend

__all__ = ["EstimatorV2", "SamplerV2"]

OptionsOf = TypeVar("OptionsOf", "SamplerOptions", "EstimatorOptions")


class _Primitive(Generic[OptionsOf]):
    """The common part of sampler and estimator: where jobs run, and circuits in the gates of that backend.

    Attributes:
        options: of its jobs; change them as you like.
    """

    options: OptionsOf

    def __init__(
        self, backend: RuntimeBackend, options: OptionsOf, transpile: bool | int, check_gates: bool, **request: Any
    ) -> None:
        self._backend = backend  # the name that other packages look for
        self.options = copy.copy(options)
        self._request: dict[str, Any] = {"backend": backend.name, **request}
        self._check = check_gates
        level = optimization_level(transpile)
        self._manager = (
            None if level is None else generate_preset_pass_manager(optimization_level=level, target=backend.target)
        )

    @property
    def backend(self) -> RuntimeBackend:
        """Where its jobs run."""
        return self._backend

    def _native(self, circuit: QuantumCircuit, place: int) -> QuantumCircuit:
        """The circuit in the gates of the backend. Raises: InvalidInput."""
        if self._manager is not None:
            return self._manager.run(circuit)
        if self._check and (reason := is_isa_circuit(circuit, self.backend.target)):
            raise InvalidInput(f"pub {place}: {reason} Transpile it for {self.backend.name}, or pass transpile=True.")
        return circuit


def _values(pub: SamplerPub | EstimatorPub, circuit: QuantumCircuit) -> Any:
    """The parameter values of a pub in the order of the parameters of its circuit; None without any."""
    values = pub.parameter_values
    return values.as_array(circuit.parameters).tolist() if values.num_parameters or values.shape else None


class SamplerV2(_Primitive["SamplerOptions"], BaseSamplerV2):
    """Qiskit's sampler, which runs on the service.

    Attributes:
        options: of its jobs; change them as you like.
    """

    def __init__(
        self,
        backend: RuntimeBackend,
        *,
        options: SamplerOptions | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool = True,
        **request: Unpack[RunOptions],
    ) -> None:
        """Make a sampler.

        Args:
            backend: where its jobs run.
            options, via: as of `client.sampler`.
            transpile: bring circuits into the gates of the backend; True, or an optimization level from 0 to 3.
            check_gates: refuse circuits that are not in the gates of the backend, before they are sent.
            request: session_id, tags, private, max_execution_time ...: see `RunOptions`.

        Raises: InvalidInput.
        """
        super().__init__(backend, options or {}, transpile, check_gates, via=via, **request)

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> PrimitiveJob:
        """Submit circuits as one job.

        Args:
            pubs: circuits, or tuples (circuit, parameter values, shots).
            shots: for pubs without shots of their own; None: as the options say, or else the service.

        Raises:
            ValueError: a pub is malformed.
            InvalidInput, ApiError, TransportError, SubmissionUnknown: as of `client.sampler`.
        """
        sent = []
        for place, pub in enumerate([SamplerPub.coerce(pub, shots) for pub in pubs]):
            if not pub.circuit.cregs:
                warn(f"pub {place}: the circuit has no classical register, so its result is empty.", SubmissionWarning)
            circuit = self._native(pub.circuit, place)
            sent.append((qpy_value(circuit), _values(pub, circuit), pub.shots))
        return PrimitiveJob(self._backend.client.sampler(sent, options=self.options or None, **self._request))


class EstimatorV2(_Primitive["EstimatorOptions"], BaseEstimatorV2):
    """Qiskit's estimator, which runs on the service.

    Attributes:
        options: of its jobs; change them as you like.
    """

    def __init__(
        self,
        backend: RuntimeBackend,
        *,
        options: EstimatorOptions | None = None,
        resilience_level: int | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool = True,
        **request: Unpack[RunOptions],
    ) -> None:
        """Make an estimator.

        Args:
            backend: where its jobs run.
            options, resilience_level, via: as of `client.estimator`.
            transpile: bring circuits into the gates of the backend; True, or an optimization level from 0 to 3.
                Observables follow their qubits.
            check_gates: refuse circuits that are not in the gates of the backend, before they are sent.
            request: session_id, tags, private, max_execution_time ...: see `RunOptions`.

        Raises: InvalidInput.
        """
        super().__init__(
            backend, options or {}, transpile, check_gates, resilience_level=resilience_level, via=via, **request
        )

    def run(self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None) -> PrimitiveJob:
        """Submit circuits and observables as one job.

        Args:
            pubs: tuples (circuit, observables, parameter values, precision); the last two are optional.
            precision: for pubs without one of their own; None: as the options say, or else the service.

        Raises:
            ValueError: a pub is malformed.
            InvalidInput, ApiError, TransportError, SubmissionUnknown: as of `client.estimator`.
        """
        sent = []
        for place, pub in enumerate([EstimatorPub.coerce(pub, precision) for pub in pubs]):
            circuit = self._native(pub.circuit, place)
            observables = pub.observables
            if circuit is not pub.circuit:
                observables = observables.apply_layout(circuit.layout, circuit.num_qubits)
            sent.append((qpy_value(circuit), observables.tolist(), _values(pub, circuit), pub.precision))
        return PrimitiveJob(self._backend.client.estimator(sent, options=self.options or None, **self._request))
