"""The sampler: bits measured in each shot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from numpy.random import SeedSequence
from qiskit.primitives.containers import BitArray, DataBin, SamplerPubResult
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
    seeds = SeedSequence(options.seed).generate_state(len(pubs)).tolist()
    start = datetime.now(UTC)
    prepared = [
        Simulator(device=device, qubits=active_qubits(pub.circuit)).prepare(
            pub.circuit, pub.parameter_values, shots=pub.shots
        )
        for pub in pubs
    ]
    effort.check((one for each in prepared for one in each.efforts), policy=policy)
    results = [
        _sampled(pub, one.run(seed=own), options=options) for pub, one, own in zip(pubs, prepared, seeds, strict=True)
    ]
    span = ExecutionSpan(start=start, stop=datetime.now(UTC), shapes=[(*pub.shape, pub.shots) for pub in pubs])
    return Completed(
        body=encoded(results, metadata={"version": 2}, support_qiskit=options.support_qiskit, span=span),
        metrics=metrics(
            (Executions(circuit=pub.circuit, count=pub.shots * pub.size) for pub in pubs),
            device=device,
            rep_delay=options.rep_delay,
        ),
    )


def _sampled(pub: SamplerPub, bits: Mapping[str, BitArray], *, options: SamplerOptions) -> SamplerPubResult:
    metadata: dict[str, Any] = {"circuit_metadata": pub.circuit.metadata or {}}
    if options.twirling.enabled:
        metadata["num_randomizations"] = options.twirling.split(pub.shots)[0]
    return SamplerPubResult(DataBin(**bits, shape=pub.shape), metadata)
