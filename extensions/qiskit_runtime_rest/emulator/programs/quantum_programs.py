"""Running quantum programs: circuits for each set of arguments, or for random values that a samplex draws.

Random values are drawn as in the local mode of qiskit-ibm-runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from attrs import frozen
from numpy.random import SeedSequence
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit_ibm_runtime.fake_provider.executor.broadcast_sample import broadcast_sample
from qiskit_ibm_runtime.quantum_program import QuantumProgram
from samplomatic.quantum_program import QuantumProgramItem, SamplexItem

from ..devices import Device
from . import effort, isa
from .kerneling import tensors
from .leftovers import started
from .policy import Policy
from .reduction import active_qubits
from .simulation import Prepared, Simulator
from .timing import Executions


@frozen(kw_only=True)
class Executed:
    """The outcome of an item: arrays by name, with the item's shape in front."""

    results: Mapping[str, Any]
    shape: tuple[int, ...]
    executions: Executions


def execute(
    program: QuantumProgram,
    *,
    device: Device,
    seeds: SeedSequence,
    policy: Policy,
    left_after: float | None = None,
) -> list[Executed]:
    """Run all items of a program, whose circuits fit the device; `left_after` as of `timing.left_after`.

    Raises:
        JobFailedError: an angle is out of range, or a circuit cannot be simulated, or not in time.
        HeavyJobError: as `effort.check` raises it.
    """
    executions = prepare(program, device=device, seeds=seeds, policy=policy, left_after=left_after)
    effort.check((one for each in executions for one in each.prepared.efforts), policy=policy)
    return [one.run() for one in executions]


def prepare(
    program: QuantumProgram,
    *,
    device: Device,
    seeds: SeedSequence,
    policy: Policy,
    qubits: list[int] | None = None,
    left_after: float | None = None,
) -> list[Execution]:
    """Make all items of a program ready, whose circuits fit the device; only `qubits` matter, or all that are in use.

    `left_after` as of `timing.left_after`.

    Raises:
        JobFailedError: an angle is out of range, or a circuit cannot be simulated.
    """
    return [
        _prepare(
            item,
            shots=program.shots,
            level=program.meas_level,
            device=device,
            seeds=own,
            policy=policy,
            qubits=qubits,
            left_after=left_after,
        )
        for item, own in zip(program.items, seeds.spawn(len(program.items)), strict=True)
    ]


@frozen(kw_only=True)
class Execution:
    """An item that is ready to run."""

    prepared: Prepared
    drawn: Mapping[str, Any]
    """The random values of a samplex, which belong to the result."""
    level: str
    seed: int
    shape: tuple[int, ...]
    executions: Executions

    def run(self) -> Executed:
        """Run it."""
        bits = self.prepared.run(seed=self.seed)
        found = tensors(bits, level=self.level, seed=self.seed)
        return Executed(results={**self.drawn, **found}, shape=self.shape, executions=self.executions)


def _prepare(
    item: QuantumProgramItem,
    *,
    shots: int,
    level: str,
    device: Device,
    seeds: SeedSequence,
    policy: Policy,
    qubits: list[int] | None,
    left_after: float | None,
) -> Execution:
    circuit = item.circuit
    drawn: dict[str, Any] = {}
    if isinstance(item, SamplexItem):
        generator = np.random.default_rng(seeds)
        item.samplex.finalize()
        drawn = broadcast_sample(item.samplex, item.samplex_arguments, item.shape, generator)
        values = drawn.pop("parameter_values")
    else:
        values = item.circuit_arguments
    bindings = BindingsArray({tuple(circuit.parameters): values}, shape=values.shape[:-1])
    isa.check_angles(circuit, bindings, policy=policy)
    if policy.lenient:
        circuit = isa.translated(circuit, device=device)
    simulator = Simulator(device=device, qubits=active_qubits(circuit) if qubits is None else qubits)
    run = started(circuit, bindings, simulator=simulator, left_after=left_after, seeds=seeds, policy=policy)
    return Execution(
        prepared=simulator.prepare(run, bindings, shots=shots),
        drawn=drawn,
        level=level,
        seed=int(seeds.spawn(1)[0].generate_state(1)[0]),
        shape=bindings.shape,
        executions=Executions(circuit=circuit, count=shots * prod(bindings.shape)),
    )
