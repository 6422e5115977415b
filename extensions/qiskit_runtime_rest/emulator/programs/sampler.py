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
from . import effort
from .encoding import ExecutionSpan, encoded
from .options import SamplerOptions, sampler_options
from .outcome import Completed, JobFailedError, Kind
from .policy import Policy
from .pubs import sampler_pubs
from .reduction import active_qubits
from .simulation import Simulator
from .timing import Executions, metrics


def run(params: Mapping[str, Any], *, device: Device, seed: int, policy: Policy) -> Completed:
    """Run a sampler job (JobRunParamsSampler).

    Raises:
        JobFailedError: as `programs.run` reports it.
    """
    options = sampler_options(params, seed=seed)
    if options.meas_type != "classified":
        raise JobFailedError(Kind.MEASUREMENT_LEVEL, meas_type=options.meas_type, backend=device.name)
    pubs = sampler_pubs(params, device=device, policy=policy, options=options)
    seeds = SeedSequence(options.seed).spawn(len(pubs))
    start = datetime.now(UTC)
    sampled = (
        _plain(pubs, device=device, seeds=seeds, policy=policy)
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
    pubs: Sequence[SamplerPub], *, device: Device, seeds: Sequence[SeedSequence], policy: Policy
) -> list[_Sampled]:
    prepared = [
        Simulator(device=device, qubits=active_qubits(pub.circuit)).prepare(
            pub.circuit, pub.parameter_values, shots=pub.shots
        )
        for pub in pubs
    ]
    effort.check((one for each in prepared for one in each.efforts), policy=policy)
    return [
        _Sampled(
            result=SamplerPubResult(
                DataBin(**one.run(seed=int(own.generate_state(1)[0])), shape=pub.shape), _metadata(pub)
            ),
            shape=(*pub.shape, pub.shots),
            executions=[Executions(circuit=pub.circuit, count=pub.shots * pub.size)],
        )
        for pub, one, own in zip(pubs, prepared, seeds, strict=True)
    ]


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
        bits = {name: array.slice_shots(range(pub.shots)) for name, array in found.result.data.items()}
        if options.twirling.enabled:
            metadata["num_randomizations"] = found.shape[0]
        result = SamplerPubResult(DataBin(**bits, shape=pub.shape), metadata)
        sampled.append(_Sampled(result=result, shape=found.shape, executions=found.executions))
    return sampled
