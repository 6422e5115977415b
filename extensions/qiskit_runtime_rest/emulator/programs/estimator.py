"""The estimator: expectation values of observables, with their standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from attrs import frozen
from numpy.random import SeedSequence
from qiskit import QuantumCircuit
from qiskit.primitives.containers import DataBin, PubResult
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import SparseObservable, SparsePauliOp

from ..devices import Device
from . import effort
from .encoding import encoded
from .expectation import MEASURED, Index, Measurement, Terms, Wanted, estimate, to_measure
from .leftovers import started
from .options import EstimatorOptions, estimator_options
from .outcome import Completed
from .policy import Policy
from .pubs import check_executions, estimator_pubs
from .reduction import active_qubits
from .simulation import Prepared, Simulator
from .timing import Executions, left_after, metrics

if TYPE_CHECKING:
    from .known_noise import Known
    from .suppression import Ready, Suppressed


@frozen(kw_only=True)
class _Estimated:
    result: PubResult
    executions: list[Executions]
    layers: Sequence[Any] = ()
    """The noise of layers that was used, in the form of results."""


@frozen(kw_only=True)
class _Estimation:
    """A pub, and all that is to be run for it."""

    pub: EstimatorPub
    circuit: QuantumCircuit
    wanted: Mapping[Index, Wanted]
    measurements: Sequence[Measurement]
    runs: Sequence[Prepared]


def run(params: Mapping[str, Any], *, device: Device, seed: int, policy: Policy) -> Completed:
    """Run an estimator job (JobRunParamsEstimator).

    Raises:
        JobFailedError: as `programs.run` reports it.
    """
    options = estimator_options(params, seed=seed, level=policy.resilience_level)
    pubs = estimator_pubs(params, device=device, policy=policy, options=options)
    check_executions(sum(_shots(pub) * pub.parameter_values.size for pub in pubs))
    seeds = SeedSequence(options.seed).spawn(len(pubs))
    estimated = (
        _plain(pubs, device=device, seeds=seeds, options=options, policy=policy)
        if options.plain
        else _mitigate(pubs, device=device, seeds=seeds, options=options, policy=policy)
    )
    return Completed(
        body=encoded(
            [one.result for one in estimated],
            metadata=_metadata(options, layers=[layer for one in estimated for layer in one.layers]),
            support_qiskit=options.support_qiskit,
            span=None,
        ),
        metrics=metrics(
            (executed for one in estimated for executed in one.executions),
            device=device,
            rep_delay=options.rep_delay,
        ),
    )


def _plain(
    pubs: Sequence[EstimatorPub],
    *,
    device: Device,
    seeds: Sequence[SeedSequence],
    options: EstimatorOptions,
    policy: Policy,
) -> list[_Estimated]:
    estimations = [
        _prepare(pub, device=device, seeds=own, options=options, policy=policy)
        for pub, own in zip(pubs, seeds, strict=True)
    ]
    effort.check((one for each in estimations for run in each.runs for one in run.efforts), policy=policy)
    return [_estimate(one, seeds=own) for one, own in zip(estimations, seeds, strict=True)]


def _prepare(
    pub: EstimatorPub, *, device: Device, seeds: SeedSequence, options: EstimatorOptions, policy: Policy
) -> _Estimation:
    circuit = _without_final_measurements(pub.circuit)
    wanted = _wanted(pub)
    observed = {qubit for one in wanted.values() for pauli in one.terms for qubit in _support(pauli)}
    simulator = Simulator(device=device, qubits=active_qubits(circuit, also=observed))
    measurements = to_measure(wanted)
    left = left_after(device, init_qubits=options.init_qubits, rep_delay=options.rep_delay)
    runs = []
    for one in measurements:
        measured = one.basis.measured(circuit, device=device)
        values = _select(pub.parameter_values, one.parameter_sets)
        run = started(measured, values, simulator=simulator, left_after=left, seeds=seeds, policy=policy)
        runs.append(simulator.prepare(run, values, shots=_shots(pub)))
    return _Estimation(pub=pub, circuit=circuit, wanted=wanted, measurements=measurements, runs=runs)


def _estimate(estimation: _Estimation, *, seeds: SeedSequence) -> _Estimated:
    pub, shots = estimation.pub, _shots(estimation.pub)

    measured = (
        (one, run.run(seed=int(seeds.spawn(1)[0].generate_state(1)[0]))[MEASURED])
        for one, run in zip(estimation.measurements, estimation.runs, strict=True)
    )
    found = estimate(estimation.wanted, measured, shape=pub.shape)
    data = DataBin(evs=found.means, stds=found.errors, ensemble_standard_error=found.errors, shape=pub.shape)
    return _Estimated(
        result=PubResult(data, _pub_metadata(pub, shots=shots, randomizations=1)),
        executions=[Executions(circuit=estimation.circuit, count=shots * found.circuits)],
    )


def _mitigate(
    pubs: Sequence[EstimatorPub],
    *,
    device: Device,
    seeds: Sequence[SeedSequence],
    options: EstimatorOptions,
    policy: Policy,
) -> list[_Estimated]:
    """Estimate with twirling, decoupling or mitigation."""
    # The import takes a second; plain requests do not need it.
    from . import suppression

    ready = [
        _ready(pub, device=device, seeds=own, options=options, policy=policy)
        for pub, own in zip(pubs, seeds, strict=True)
    ]
    found = suppression.run([one for one, _ in ready], policy=policy)
    return [
        _mitigated(pub, suppressed, known=known, options=options)
        for pub, suppressed, (_, known) in zip(pubs, found, ready, strict=True)
    ]


def _ready(
    pub: EstimatorPub, *, device: Device, seeds: SeedSequence, options: EstimatorOptions, policy: Policy
) -> tuple[Ready, Known | None]:
    from .known_noise import known_noise
    from .suppression import estimate as estimate_suppressed

    learning, running = seeds.spawn(2)
    circuit = _without_final_measurements(pub.circuit)
    # Projectors are written out: the mitigation of readout errors knows Paulis only.
    observables = ObservablesArray([dict(_paulis(one)) for one in pub.observables.ravel()]).reshape(
        pub.observables.shape
    )
    mitigated = EstimatorPub(circuit, observables, pub.parameter_values)
    known = None
    if options.needs_layer_noise:
        generator = np.random.default_rng(learning)
        known = known_noise(mitigated, device=device, options=options, generator=generator, policy=policy)
    ready = estimate_suppressed(
        mitigated,
        shots=_shots(pub),
        device=device,
        options=options,
        known=None if known is None else known.boxes,
        seeds=running,
        policy=policy,
    )
    return ready, known


def _mitigated(pub: EstimatorPub, found: Suppressed, *, known: Known | None, options: EstimatorOptions) -> _Estimated:
    from qiskit_ibm_runtime.executor_estimator.pec import calculate_pec_twirling_shots

    randomizations, each = found.randomizations, found.shape[-1]
    metadata = _pub_metadata(pub, shots=randomizations * each, randomizations=randomizations)
    resilience = metadata["resilience"]
    if options.zne_mitigation:
        names = found.result.metadata["resilience"]["zne"]["extrapolators"].ravel().tolist()
        # Terms of one observable can need several.
        resilience["zne"] = {"extrapolator": None if "multiple" in names else names}
    if options.pec_mitigation:
        asked, _ = calculate_pec_twirling_shots(_shots(pub), **options.twirling.counts)
        resilience["pec"] = {"num_randomizations_scaling": randomizations / asked}
    if known is not None:
        overheads = {layer: known.overhead(layer) for layer in known.counts}
        resilience["layer_noise"] = {
            "noise_overhead": prod(overheads[layer] ** count for layer, count in known.counts.items()),
            "total_mitigated_layers": sum(known.counts.values()),
            "unique_mitigated_layers": len(known.counts),
            "unique_mitigated_layers_noise_overhead": list(overheads.values()),
        }
    arrays = {name: np.asarray(values) for name, values in found.result.data.items()}
    return _Estimated(
        result=PubResult(DataBin(**arrays, shape=pub.shape), metadata),
        executions=found.executions,
        layers=() if known is None else known.errors,
    )


def _pub_metadata(pub: EstimatorPub, *, shots: int, randomizations: int) -> dict[str, Any]:
    return {
        "shots": shots,
        "target_precision": pub.precision,
        "circuit_metadata": pub.circuit.metadata or {},
        "resilience": {},
        "num_randomizations": randomizations,
    }


def _shots(pub: EstimatorPub) -> int:
    """Shots for the pub's precision."""
    shots: int = ceil(round(1 / pub.precision**2, 6))
    return shots


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


def _metadata(options: EstimatorOptions, *, layers: Sequence[Any]) -> dict[str, Any]:
    resilience: dict[str, Any] = {
        "measure_mitigation": options.measure_mitigation,
        "zne_mitigation": options.zne_mitigation,
        "pec_mitigation": options.pec_mitigation,
    }
    if options.zne_mitigation:
        factors = options.zne["noise_factors"]
        at = options.zne["extrapolated_noise_factors"]
        resilience["zne"] = {
            "noise_factors": factors,
            "extrapolator": options.zne["extrapolator"],
            "extrapolated_noise_factors": [0, *factors] if at == "auto" else at,
        }
    if layers:
        resilience["layer_noise_model"] = layers
    return {
        "dynamical_decoupling": {
            # Metadata have no other members.
            name: options.dynamical_decoupling[name]
            for name in ("enable", "sequence_type", "extra_slack_distribution", "scheduling_method")
        },
        "twirling": options.twirling.settings,
        "resilience": resilience,
        "version": 2,
    }
