"""Qiskit's interfaces over this client: a backend with its target, a sampler and an estimator. Extra: `qiskit`.

    from qiskit_runtime_rest.qiskit import RuntimeBackend, SamplerV2

    backend = RuntimeBackend(client, "ibm_fez")
    result = SamplerV2(backend, transpile=True).run([circuit], shots=1000).result()

Nothing else in this package imports it.
"""

from __future__ import annotations

from ..errors import MissingExtra

try:
    from .backend import RuntimeBackend
    from .jobs import BackendJob, PrimitiveJob
    from .primitives import EstimatorV2, SamplerV2
except ModuleNotFoundError as error:
    if (error.name or "").startswith("qiskit_runtime_"):
        raise
    raise MissingExtra("qiskit_runtime_rest.qiskit", extra="qiskit", module=error.name) from None

__all__ = ["BackendJob", "EstimatorV2", "PrimitiveJob", "RuntimeBackend", "SamplerV2"]
