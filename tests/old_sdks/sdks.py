"""Old official SDKs: what they are installed with, the program that they run, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["SDKS", "Sdk"]

# What the SDKs of the time were installed with; newer releases break the SDKs themselves.
OF_THE_TIME = ("websocket-client<=1.5.1", "setuptools<81")
PROGRAMS = ["circuit-runner", "estimator", "hello-world", "qasm3-runner", "runtime-simple", "sampler"]
INSTANCES = ["a/b/c", "ibm-q/open/main"]
METRICS = ["caller", "circuits_execution_time_ns", "qiskit_version", "timestamps", "usage"]
DEVICE: dict[str, Any] = {
    "backends": ["ibm_fez", "ibm_kingston", "ibm_marrakesh"],
    "target": [156, True, True],
}

RUNTIME_V1: dict[str, Any] = {
    "login": "ibm_quantum",
    **DEVICE,
    "properties": True,
    "sampler": [300, True, 1, True],
    "estimator": [1, -1],
    "runner": 1024,
    "stream": 1,
    "jobs": [2, "JobStatus.DONE", "sampler", "ibm_fez"],
    "metrics": METRICS,
    "logs": True,
    "programs": PROGRAMS,
}
RUNTIME_V2: dict[str, Any] = {
    "login": ["ibm_quantum", sorted(INSTANCES, reverse=True)],
    **DEVICE,
    "properties": True,
    "sampler": [300, True],
    "estimator": -1,
    "session": [True, "ibm_fez"],
    "jobs": [2, "DONE", "ibm_fez", True],
    "tags": [["one", "two"], True],
    "metrics": [METRICS, True],
    "logs": True,
    "usage": ["byInstance", "period"],
    "delete": True,
}
PROVIDER: dict[str, Any] = {
    "login": INSTANCES,
    **DEVICE,
    "run": [[300, 300], True],
    "dynamic": True,
    "memory": 20,
    "retrieve": ["JobStatus.DONE", 20, "ibm_fez"],
    "session": [100, 100],
    "jobs": [2, 1],
}
IBMQ: dict[str, Any] = {
    "login": "<AccountProvider for IBMQ(hub='ibm-q', group='open', project='main')>",
    **DEVICE,
    "properties": True,
    "programs": PROGRAMS,
    "runtime": [200, "JobStatus.DONE"],
    "sampler": ["metadata", "quasi_dists"],
    "stream": [4, "All done!"],
    "upload": "other",
    "jobs": [True, True],
    "run": True,
}


@dataclass(frozen=True, eq=False)
class Sdk:
    """An SDK, its requirements, its program, and what each step of the program returns."""

    name: str
    requirements: tuple[str, ...]
    program: str
    steps: dict[str, Any]
    login_host: str = "auth.quantum-computing.ibm.com"


SDKS = (
    Sdk(
        "runtime-0.8",
        ("qiskit-ibm-runtime==0.8.0", "qiskit-terra==0.22.4", "numpy<1.24", *OF_THE_TIME),
        "runtime_v1",
        RUNTIME_V1,
    ),
    Sdk("runtime-0.15", ("qiskit-ibm-runtime==0.15.1", "qiskit<1", "numpy<2", *OF_THE_TIME), "runtime_v1", RUNTIME_V1),
    Sdk(
        "runtime-0.23",
        ("qiskit-ibm-runtime==0.23.0", "qiskit<2", *OF_THE_TIME),
        "runtime_v2",
        RUNTIME_V2 | {"jobs": [2, "JobStatus.DONE", "ibm_fez", True], "usage": None},
    ),
    Sdk("runtime-0.30", ("qiskit-ibm-runtime==0.30.0", "qiskit<2", *OF_THE_TIME), "runtime_v2", RUNTIME_V2),
    Sdk(
        "runtime-0.40",
        ("qiskit-ibm-runtime==0.40.1", *OF_THE_TIME),
        "runtime_v2",
        RUNTIME_V2,
        login_host="auth.quantum.ibm.com",
    ),
    Sdk("provider-0.11", ("qiskit-ibm-provider==0.11.0", "qiskit<2", "numpy<2", *OF_THE_TIME), "provider", PROVIDER),
    Sdk("ibmq-0.20", ("qiskit-ibmq-provider==0.20.2", "numpy<1.24", *OF_THE_TIME), "ibmq", IBMQ),
)
