"""The estimator: expectation values of observables, with their standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, prod
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import frozen
from numpy.random import SeedSequence
from qiskit import QuantumCircuit
from qiskit.primitives.containers import DataBin, PubResult
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.quantum_info import SparseObservable, SparsePauliOp

from ..devices import Device
from . import effort
from .encoding import encoded
from .expectation import MEASURED, Index, Measurement, Terms, Wanted, estimate, to_measure
from .noise import readout_errors
from .options import EstimatorOptions, estimator_options
from .outcome import Completed
from .policy import Policy
from .pubs import check_executions, estimator_pubs
from .reduction import active_qubits
from .simulation import Prepared, Simulator
from .timing import Executions, metrics


@frozen(kw_only=True)
class _Estimated:
    result: PubResult
    executions: Executions


@frozen(kw_only=True)
class _Estimation:
    """A pub, and all that is to be run for it."""

    pub: EstimatorPub
    circuit: QuantumCircuit
    device: Device
    wanted: Mapping[Index, Wanted]
    measurements: Sequence[Measurement]
    runs: Sequence[Prepared]


def run(params: Mapping[str, Any], *, device: Device, seed: int, policy: Policy) -> Completed:
    """Run an estimator job (JobRunParamsEstimator).

    Raises:
        JobFailedError: as `programs.run` reports it.
    """
    options = estimator_options(params, seed=seed)
    pubs = estimator_pubs(params, device=device, policy=policy, options=options)
    check_executions(sum(_shots(pub, options) * pub.parameter_values.size for pub in pubs))
    seeds = SeedSequence(options.seed).spawn(len(pubs))
    estimations = [_prepare(pub, device=device, options=options) for pub in pubs]
    effort.check((one for each in estimations for run in each.runs for one in run.efforts), policy=policy)
    estimated = [_estimate(one, seeds=own, options=options) for one, own in zip(estimations, seeds, strict=True)]
    return Completed(
        body=encoded(
            [one.result for one in estimated],
            metadata=_metadata(options),
            support_qiskit=options.support_qiskit,
            span=None,
        ),
        metrics=metrics((one.executions for one in estimated), device=device, rep_delay=options.rep_delay),
    )


def _prepare(pub: EstimatorPub, *, device: Device, options: EstimatorOptions) -> _Estimation:
    circuit = _without_final_measurements(pub.circuit)
    wanted = _wanted(pub)
    observed = {qubit for one in wanted.values() for pauli in one.terms for qubit in _support(pauli)}
    simulator = Simulator(
        device=device,
        qubits=active_qubits(circuit, also=observed),
        symmetric_readout=bool(options.twirling.settings["enable_measure"]),
    )
    measurements = to_measure(wanted)
    runs = [
        simulator.prepare(
            one.basis.measured(circuit, device=device),
            _select(pub.parameter_values, one.parameter_sets),
            shots=_shots(pub, options),
        )
        for one in measurements
    ]
    return _Estimation(pub=pub, circuit=circuit, device=device, wanted=wanted, measurements=measurements, runs=runs)


def _estimate(estimation: _Estimation, *, seeds: SeedSequence, options: EstimatorOptions) -> _Estimated:
    pub, shots = estimation.pub, _shots(estimation.pub, options)

    def scale(pauli: str) -> float:
        if not options.measure_mitigation:
            return 1.0
        return 1 / prod(1 - sum(readout_errors(estimation.device, qubit)) for qubit in _support(pauli))

    measured = (
        (one, run.run(seed=int(seeds.spawn(1)[0].generate_state(1)[0]))[MEASURED])
        for one, run in zip(estimation.measurements, estimation.runs, strict=True)
    )
    found = estimate(estimation.wanted, measured, shape=pub.shape, scale=scale)
    data = DataBin(evs=found.means, stds=found.errors, ensemble_standard_error=found.errors, shape=pub.shape)
    metadata = {
        "shots": shots,
        "target_precision": pub.precision,
        "circuit_metadata": pub.circuit.metadata or {},
        "resilience": {},
        "num_randomizations": options.twirling.split(shots)[0] if options.twirling.enabled else 1,
    }
    return _Estimated(
        result=PubResult(data, metadata),
        executions=Executions(circuit=estimation.circuit, count=shots * found.circuits),
    )


def _shots(pub: EstimatorPub, options: EstimatorOptions) -> int:
    """Shots for the pub's precision, rounded up to whole randomizations if there are any."""
    shots = ceil(round(1 / pub.precision**2, 6))
    return prod(options.twirling.split(shots)) if options.twirling.enabled else shots


def _wanted(pub: EstimatorPub) -> dict[Index, Wanted]:
    """The pub's observables and parameter sets, broadcast against each other as qiskit does."""
    observables = [_paulis(observable) for _, observable in np.ndenumerate(pub.observables)]
    sets = list(np.ndindex(pub.parameter_values.shape))
    which_observable = np.broadcast_to(_numbered(pub.observables.shape), pub.shape)
    which_set = np.broadcast_to(_numbered(pub.parameter_values.shape), pub.shape)
    return {
        place: Wanted(terms=observables[which_observable[place]], parameter_set=sets[which_set[place]])
        for place in np.ndindex(pub.shape)
    }


def _numbered(shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    return np.arange(prod(shape), dtype=np.int64).reshape(shape)


def _paulis(observable: Mapping[str, float]) -> Terms:
    if all(set(label) <= set("IXYZ") for label in observable):
        return observable
    written_out = SparsePauliOp.from_sparse_observable(SparseObservable.from_list(list(observable.items())))
    return {label: coefficient.real for label, coefficient in written_out.to_list()}


def _select(bindings: BindingsArray, chosen: Sequence[Index]) -> BindingsArray:
    data = {names: np.stack([values[index] for index in chosen]) for names, values in bindings.data.items()}
    return BindingsArray(data, shape=(len(chosen),))


def _support(pauli: str) -> list[int]:
    return [qubit for qubit, letter in enumerate(reversed(pauli)) if letter != "I"]


def _without_final_measurements(circuit: QuantumCircuit) -> QuantumCircuit:
    """Remove measurements at the end: the estimator adds its own.

    The service's published examples send such circuits. How the service treats them is a guess.
    """
    remaining: QuantumCircuit = circuit.remove_final_measurements(inplace=False)
    return remaining


def _metadata(options: EstimatorOptions) -> dict[str, Any]:
    return {
        "dynamical_decoupling": options.dynamical_decoupling,
        "twirling": options.twirling.settings,
        "resilience": {
            "measure_mitigation": options.measure_mitigation,
            "zne_mitigation": False,
            "pec_mitigation": False,
        },
        "version": 2,
    }
