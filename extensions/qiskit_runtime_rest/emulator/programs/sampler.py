"""The sampler: bits measured in each shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import frozen
from numpy.random import SeedSequence
from qiskit.primitives.containers import DataBin, SamplerPubResult
from qiskit.primitives.containers.sampler_pub import SamplerPub

from ..devices import Device
from . import effort, kerneling
from .encoding import ExecutionSpan, encoded
from .leftovers import started
from .options import SamplerOptions, sampler_options
from .outcome import Completed
from .policy import Policy
from .pubs import sampler_pubs
from .reduction import active_qubits
from .simulation import Prepared, Simulator
from .timing import Executions, left_after, metrics


def run(params: Mapping[str, Any], *, device: Device, seed: int, policy: Policy) -> Completed:
    """Run a sampler job (JobRunParamsSampler).

    Raises:
        JobFailedError: as `programs.run` reports it.
    """
    options = sampler_options(params, seed=seed)
    pubs = sampler_pubs(params, device=device, policy=policy, options=options)
    seeds = SeedSequence(options.seed).spawn(len(pubs))
    start = datetime.now(UTC)
    sampled = (
        _plain(pubs, device=device, seeds=seeds, options=options, policy=policy)
        if options.plain
        else _suppressed(pubs, device=device, seeds=seeds, options=options, policy=policy)
    )
    span = ExecutionSpan(
        start=start,
        stop=datetime.now(UTC),
        shapes=[one.shape for one in sampled],
        pub_shots=[pub.shots for pub in pubs] if options.twirling.enabled else None,
    )
    return Completed(
        body=encoded(
            [one.result for one in sampled],
            metadata={"version": 2},
            support_qiskit=options.support_qiskit,
            span=span,
        ),
        metrics=metrics(
            (executed for one in sampled for executed in one.executions),
            device=device,
            rep_delay=options.rep_delay,
        ),
    )


@frozen(kw_only=True)
class _Sampled:
    """The result of a pub, the shape in which it ran (shots last), and what was executed."""

    result: SamplerPubResult
    shape: tuple[int, ...]
    executions: list[Executions]


def _plain(
    pubs: Sequence[SamplerPub],
    *,
    device: Device,
    seeds: Sequence[SeedSequence],
    options: SamplerOptions,
    policy: Policy,
) -> list[_Sampled]:
    prepared = []
    for pub, own in zip(pubs, seeds, strict=True):
        simulator = Simulator(device=device, qubits=active_qubits(pub.circuit))
        left = left_after(device, init_qubits=options.init_qubits, rep_delay=options.rep_delay)
        run = started(pub.circuit, pub.parameter_values, simulator=simulator, left_after=left, seeds=own, policy=policy)
        prepared.append(simulator.prepare(run, pub.parameter_values, shots=pub.shots))
    effort.check((one for each in prepared for one in each.efforts), policy=policy)
    return [
        _Sampled(
            result=_result(pub, one, seed=int(own.generate_state(1)[0]), level=options.meas_type),
            shape=(*pub.shape, pub.shots),
            executions=[Executions(circuit=pub.circuit, count=pub.shots * pub.size)],
        )
        for pub, one, own in zip(pubs, prepared, seeds, strict=True)
    ]


def _result(pub: SamplerPub, prepared: Prepared, *, seed: int, level: str) -> SamplerPubResult:
    data: Mapping[str, Any] = prepared.run(seed=seed)
    if level != "classified":
        points = kerneling.tensors(data, level=level, seed=seed)
        data = {name.removesuffix(kerneling.SUFFIXES[level]): each for name, each in points.items()}
    return SamplerPubResult(DataBin(**data, shape=pub.shape), _metadata(pub))


def _metadata(pub: SamplerPub) -> dict[str, Any]:
    return {"circuit_metadata": pub.circuit.metadata or {}}


def _suppressed(
    pubs: Sequence[SamplerPub],
    *,
    device: Device,
    seeds: Sequence[SeedSequence],
    options: SamplerOptions,
    policy: Policy,
) -> list[_Sampled]:
    """Sample with twirling or decoupling."""
    # The import takes a second; plain requests do not need it.
    from . import suppression

    ready = [
        suppression.sample(pub, device=device, options=options, seeds=own, policy=policy)
        for pub, own in zip(pubs, seeds, strict=True)
    ]
    sampled = []
    for pub, found in zip(pubs, suppression.run(ready, policy=policy), strict=True):
        metadata = _metadata(pub)
        # Randomizations have whole numbers of shots, so that there can be more than wanted.
        data = {name: _first(array, pub.shots, level=options.meas_type) for name, array in found.result.data.items()}
        if options.twirling.enabled:
            metadata["num_randomizations"] = found.shape[0]
        result = SamplerPubResult(DataBin(**data, shape=pub.shape), metadata)
        sampled.append(_Sampled(result=result, shape=found.shape, executions=found.executions))
    return sampled


def _first(outcomes: Any, shots: int, *, level: str) -> Any:
    """The outcomes of so many shots."""
    if level == "avg_kerneled":
        return outcomes
    return outcomes.slice_shots(range(shots)) if level == "classified" else outcomes[..., :shots, :]
