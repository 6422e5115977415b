"""An executor without a device: programs run on a simulator without noise, but for readout errors that tests choose.

IBM's own models read the program and write the result.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from ibm_quantum_schemas.common.tensor import CompressedTensorModel  # type: ignore[import-untyped]
from ibm_quantum_schemas.executor.version_2_0 import (  # type: ignore[import-untyped]
    ParamsModel,
    QuantumProgramResultModel,
)
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

from qiskit_runtime_rest import JobRequest
from qiskit_runtime_rest.results import Result, decode

START = datetime(2026, 3, 1, tzinfo=UTC)


def execute(params: Any, *, seed: int, readout: tuple[float, float] = (0.0, 0.0), noise: Any = None) -> Result:
    """The result of a program; `readout`: the probabilities to read 1 for 0, and 0 for 1."""
    model = ParamsModel.model_validate(params)
    program, _ = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].decoder(model)
    chance = np.random.default_rng(seed)
    method = "statevector" if noise is None else "density_matrix"
    backend = AerSimulator(method=method, max_parallel_threads=1, noise_model=noise)
    sampler = SamplerV2.from_backend(backend, seed=seed)
    data = []
    for item in program.items:
        arguments = np.broadcast_to(item.circuit_arguments, (*item.shape, item.circuit.num_parameters))
        values = BindingsArray({tuple(item.circuit.parameters): arguments})
        result = sampler.run([SamplerPub(item.circuit, values, program.shots)]).result()[0]
        bits = {name: register.to_bool_array(order="little") for name, register in result.data.items()}
        for name, flags in bits.items():
            wrong = chance.random(flags.shape) < np.where(flags, readout[1], readout[0])
            bits[name] = flags ^ wrong
        data.append({"results": {name: CompressedTensorModel.from_numpy(flags) for name, flags in bits.items()}})
    body = QuantumProgramResultModel(
        data=[{**item, "metadata": {}} for item in data],
        metadata={"chunk_timing": [{"start": START, "stop": START, "parts": []}]},
        passthrough_data=params["quantum_program"].get("passthrough_data"),
    )
    return decode(body.model_dump_json().encode(), program_id="executor")


def estimate(
    pubs: Any, *, seed: int = 7, readout: tuple[float, float] = (0.0, 0.0), noise: Any = None, **more: Any
) -> Result:
    """What the estimator finds, without a device."""
    request = JobRequest.estimator(pubs, backend="b", via="executor", **more)
    return execute(request.params, seed=seed, readout=readout, noise=noise)


def sample(pubs: Any, *, seed: int = 7, readout: tuple[float, float] = (0.0, 0.0), **more: Any) -> Result:
    """What the sampler finds, without a device."""
    return execute(JobRequest.sampler(pubs, backend="b", via="executor", **more).params, seed=seed, readout=readout)
