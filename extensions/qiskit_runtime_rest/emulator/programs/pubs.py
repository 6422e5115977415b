"""Reading and checking the pubs of a job, as qiskit's containers."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from ..devices import Device
from . import circuits, isa
from .encoding import decoded
from .options import EstimatorOptions, PrimitiveOptions, SamplerOptions
from .outcome import JobFailedError, Kind
from .policy import Policy

# A job's limit, by the service's documentation.
MAX_EXECUTIONS = 10_000_000


def sampler_pubs(
    params: Mapping[str, Any], *, device: Device, policy: Policy, options: SamplerOptions
) -> list[SamplerPub]:
    """The pubs of a sampler job, each with its number of shots.

    A pub is a circuit, or a list of circuit, parameter values and shots. The last two may be null or missing.

    Raises:
        JobFailedError: a pub is not valid or does not fit the device, or there are too many executions.
    """
    pubs = []
    each = _each(params, least=1, most=3, device=device, policy=policy, options=options)
    for index, (circuit, values, own_shots) in each:
        with _checking(index):
            _check_registers(circuit)
            bindings = _bindings(values, circuit)
            isa.check_angles(circuit, bindings, policy=policy)
            pubs.append(SamplerPub(circuit, bindings, options.shots if own_shots is None else own_shots))
    check_executions(sum(pub.shots * pub.size for pub in pubs))
    return pubs


def estimator_pubs(
    params: Mapping[str, Any], *, device: Device, policy: Policy, options: EstimatorOptions
) -> list[EstimatorPub]:
    """The pubs of an estimator job, each with its precision.

    A pub is a list of circuit, observables, parameter values and precision. The last two may be null or missing.
    A circuit on the device's qubits ($0, ...) is widened if its observables cover the whole device.

    Raises:
        JobFailedError: a pub is not valid, or does not fit the device.
    """
    pubs = []
    each = _each(params, least=2, most=4, device=device, policy=policy, options=options)
    for index, (circuit, observed, values, own_precision) in each:
        if isa.is_dynamic(circuit) and not policy.lenient:
            raise JobFailedError(Kind.CONTROL_FLOW_ESTIMATED, pub=index)
        with _checking(index):
            observables = ObservablesArray.coerce([] if observed is None else observed)
            if observables.size == 0:
                raise ValueError("there are no observables")
            wide = _widened(circuit, device) if observables.num_qubits == device.qubits else circuit
            _check_width(observables, wide)
            bindings = _bindings(values, wide)
            isa.check_angles(circuit, bindings, policy=policy)
            precision = options.precision if own_precision is None else own_precision
            pub = EstimatorPub(wide, observables, bindings, precision)
            if pub.precision <= 0:
                raise ValueError("the precision must be positive")
            pubs.append(pub)
    return pubs


def check_executions(executions: int) -> None:
    """Check the number of executions (shots x circuits x parameter sets) of a job.

    Raises:
        JobFailedError: there are too many.
    """
    if executions > MAX_EXECUTIONS:
        raise JobFailedError(Kind.TOO_MANY_EXECUTIONS, executions=executions, limit=MAX_EXECUTIONS)


def _check_width(observables: ObservablesArray, circuit: QuantumCircuit) -> None:
    if observables.num_qubits != circuit.num_qubits:
        raise JobFailedError(
            Kind.OBSERVABLE_WIDTH,
            circuit=circuit.num_qubits,
            # Measured for a list, `(0,)-th`. Without one, Qiskit's own check, whose text this is, says `()-th`.
            index=(0,) * observables.ndim,
            observable=observables.num_qubits,
        )


def _each(
    params: Mapping[str, Any], *, least: int, most: int, device: Device, policy: Policy, options: PrimitiveOptions
) -> Iterator[tuple[int, list[Any]]]:
    """The index and entries of each pub, with its circuit read and checked, and None for missing entries."""
    pubs = params.get("pubs")
    if not isinstance(pubs, list) or not pubs:
        raise JobFailedError(Kind.INVALID_INPUT, detail="pubs must be a list with at least one pub.")
    for index, pub in enumerate(pubs):
        entries = pub if isinstance(pub, list) else [pub]
        if not least <= len(entries) <= most:
            detail = f"pub {index} has {len(entries)} entries, expected {least} to {most}."
            raise JobFailedError(Kind.INVALID_INPUT, detail=detail)
        circuit = circuits.read(entries[0], pub=index, policy=policy)
        isa.check(circuit, device=device, where=f"pub {index}", policy=policy)
        if options.gates_twirled and any(placed.name in isa.FRACTIONAL for placed in isa.instructions(circuit)):
            raise JobFailedError(Kind.FRACTIONAL_TWIRLED)
        if options.dynamical_decoupling["enable"] and isa.is_dynamic(circuit):
            detail = f"dynamical decoupling does not work with the control flow of pub {index}"
            raise JobFailedError(Kind.INCOMPATIBLE, detail=detail)
        with _checking(index):
            if policy.lenient:
                circuit = isa.translated(circuit, device=device)
            rest = [decoded(entry) for entry in entries[1:]]
        yield index, [circuit, *rest, *[None] * (most - len(entries))]


def _check_registers(circuit: QuantumCircuit) -> None:
    """Check that each register can be a field of the result."""
    for register in circuit.cregs:
        name = register.name
        if not name.isidentifier() or keyword.iskeyword(name) or hasattr(DataBin, name):
            raise ValueError(f"{name!r} cannot be the name of a classical register")
        if register.size == 0:
            raise ValueError(f"the classical register {name} has no bits")


def _bindings(values: Any, circuit: QuantumCircuit) -> BindingsArray:
    if values is None:
        bindings = BindingsArray()
    elif isinstance(values, BindingsArray | Mapping):
        bindings = BindingsArray.coerce(values)
    else:
        bindings = BindingsArray({tuple(circuit.parameters): values})
    unknown = {name for names in bindings.data for name in names} - {p.name for p in circuit.parameters}
    if unknown:
        raise ValueError(f"the circuit has no parameter {', '.join(sorted(unknown))}")
    if bindings.size == 0:
        raise ValueError("there are no parameter sets")
    return bindings


def _widened(circuit: QuantumCircuit, device: Device) -> QuantumCircuit:
    if not circuits.is_physical(circuit) or circuit.num_qubits == device.qubits:
        return circuit
    qubits = QuantumRegister(device.qubits)
    wide = QuantumCircuit(qubits, circuit.clbits, *circuit.cregs, name=circuit.name, metadata=circuit.metadata)
    wide.compose(circuit, range(circuit.num_qubits), circuit.clbits, inplace=True)
    return wide


@contextmanager
def _checking(index: int) -> Iterator[None]:
    try:
        yield
    except JobFailedError:
        raise
    # qiskit's containers raise ValueError, TypeError and QiskitError, and numpy raises others.
    except Exception as error:
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"pub {index}: {error}") from error
