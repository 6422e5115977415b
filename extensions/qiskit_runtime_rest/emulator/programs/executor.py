"""The executor: quantum programs, as IBM's newer client-side primitives send them.

The models of qiskit-ibm-runtime, one for each `schema_version`, convert parameters and results. Random values of a
samplex are drawn as in the local mode of that package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from ibm_quantum_schemas.common.tensor import (  # type: ignore[import-untyped]
    CompressedTensorModel,
    TensorModel,
)
from numpy.random import SeedSequence
from qiskit import QuantumCircuit
from qiskit_ibm_runtime.decoders.executor.decoder import AVAILABLE_DECODERS
from qiskit_ibm_runtime.quantum_program import QuantumProgram
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from samplomatic.quantum_program import CircuitItem

from ..devices import Device
from . import circuits, isa, reading
from .outcome import Completed, JobFailedError, Kind
from .policy import Policy
from .pubs import check_executions
from .quantum_programs import Executed, execute
from .schedule import schedule, timing
from .timing import left_after, metrics

_UNCOMPRESSED = frozenset({"v0.1", "v0.2", "v1.0", "v1.1"})


def run(params: Mapping[str, Any], *, device: Device, seed: int, policy: Policy) -> Completed:
    """Run an executor job (ExecutorV01ParamsModel, ExecutorV02ParamsModel and newer versions).

    Raises:
        JobFailedError: as `programs.run` reports it.
    """
    version = params.get("schema_version")
    program = _program(params, policy)
    for index, item in enumerate(program.items):
        isa.check(item.circuit, device=device, where=f"item {index}", policy=policy)
    check_executions(sum(program.shots * prod(item.shape) for item in program.items))
    start = datetime.now(UTC)
    options = params["options"]
    rep_delay = options.get("rep_delay")
    executed = execute(
        program,
        device=device,
        seeds=SeedSequence(seed),
        policy=policy,
        left_after=left_after(device, init_qubits=options.get("init_qubits", True), rep_delay=rep_delay),
    )
    tensor = TensorModel if version in _UNCOMPRESSED else CompressedTensorModel
    _, model = AVAILABLE_DECODERS[version]
    result = model.model_validate(
        {
            "data": [
                {
                    "results": {name: tensor.from_numpy(np.asarray(v)) for name, v in one.results.items()},
                    "metadata": None if version == "v0.1" else _timing(item.circuit, options, device=device),
                }
                for one, item in zip(executed, program.items, strict=True)
            ],
            "metadata": {"chunk_timing": _chunks(program, executed, start=start, stop=datetime.now(UTC))},
            # These two belong to the client and come back unchanged.
            "passthrough_data": params["quantum_program"].get("passthrough_data"),
            "semantic_role": params["quantum_program"].get("semantic_role"),
        }
    )
    return Completed(
        body=result.model_dump_json(),
        metrics=metrics((one.executions for one in executed), device=device, rep_delay=rep_delay),
    )


def _program(params: Mapping[str, Any], policy: Policy) -> QuantumProgram:
    model = reading.model(QUANTUM_PROGRAM_PARAMS_CONVERTERS, params)
    # Texts are read as those of the other programs, with the same failures.
    texts = getattr(getattr(model.quantum_program, "circuits", None), "data", ())
    read = [circuits.read(text, pub=index, policy=policy) for index, text in enumerate(texts)]
    program, _ = reading.decoded(QUANTUM_PROGRAM_PARAMS_CONVERTERS, model)
    for item, circuit in zip(program.items, read, strict=bool(read)):
        item.circuit = circuit
    for item, described in zip(program.items, model.quantum_program.items, strict=True):
        if isinstance(item, CircuitItem):
            item.circuit_arguments = _replicated(item.circuit_arguments, shape=getattr(described, "shape", ()))
    return program


def _replicated(arguments: npt.NDArray[np.float64], *, shape: Sequence[int]) -> npt.NDArray[np.float64]:
    """The arguments of a circuit for each element of its item, whose shape extends theirs."""
    try:
        whole = np.broadcast_shapes(arguments.shape[:-1], tuple(shape))
    except ValueError as error:
        detail = f"the shape {tuple(shape)} does not extend that of the arguments, {arguments.shape[:-1]}"
        raise JobFailedError(Kind.INVALID_INPUT, detail=detail) from error
    return np.broadcast_to(arguments, (*whole, arguments.shape[-1]))


def _timing(circuit: QuantumCircuit, options: Mapping[str, Any], *, device: Device) -> dict[str, Any]:
    """The timing of a circuit, as far as the options ask for it."""
    if not (options.get("scheduler_timing") or options.get("stretch_values")):
        return {}
    places = range(circuit.num_qubits)
    found = schedule(circuit, places, device=device)
    metadata: dict[str, Any] = {}
    if options.get("scheduler_timing"):
        metadata["scheduler_timing"] = {
            "timing": timing(found, circuit, places),
            "circuit_duration": found.length,
        }
    if options.get("stretch_values"):
        metadata["stretch_values"] = [
            {"name": one.name, "value": one.value, "remainder": one.remainder, "expanded_values": one.delays}
            for one in found.stretches
        ]
    return metadata


def _chunks(
    program: QuantumProgram, executed: Sequence[Executed], *, start: datetime, stop: datetime
) -> list[dict[str, Any]]:
    """All items as one chunk, or each in chunks of its size; the time is divided among all elements alike."""
    parts: list[dict[str, Any]] = []
    for index, (item, one) in enumerate(zip(program.items, executed, strict=True)):
        size, axes = prod(one.shape), list(range(len(one.shape)))
        chunk = item.chunk_size or size
        for first in range(0, size, chunk or 1):
            last = min(first + chunk, size)
            parts.append(
                {"idx_item": index, "size": last - first, "permutation": axes, "element_range": (first, last, 1)}
            )
    if not any(item.chunk_size for item in program.items):
        return [{"start": start, "stop": stop, "parts": parts}]
    total = sum(part["size"] for part in parts)
    ends = [start + (stop - start) * done / total for done in accumulate(part["size"] for part in parts)]
    return [
        {"start": begin, "stop": end, "parts": [part]}
        for begin, end, part in zip([start, *ends], ends, parts, strict=False)
    ]
