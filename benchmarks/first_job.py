"""Seconds from the start of a process to the counts of one Bell job. The service runs already."""

import os
import subprocess
import sys
import time

from rich.table import Table

from .measure import interleaved, table
from .service import BELL, environment, service

OURS = "qiskit-runtime-rest"
IBM = "qiskit-ibm-runtime"

SCRIPTS = {
    OURS: """
import sys
from qiskit_runtime_rest import RuntimeClient
with RuntimeClient() as client:
    print(client.sampler([sys.argv[1]], backend="ibm_fez", shots=1000).result()[0].counts())
""",
    IBM: """
import os, sys
import qiskit.qasm3
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2
service = QiskitRuntimeService(
    channel="ibm_quantum_platform", token=os.environ["QISKIT_IBM_TOKEN"], instance=os.environ["QISKIT_IBM_INSTANCE"],
    url_resolver=lambda *_: os.environ["QISKIT_IBM_URL"] + "/v1",
)
backend = service.backend("ibm_fez")
circuit = qiskit.qasm3.loads(sys.argv[1].replace("bit[2] c;", "qubit[133] q; bit[2] c;").replace("$", "q[").replace(
    "q[0", "q[0]").replace("q[1", "q[1]"))
print(SamplerV2(mode=backend).run([circuit], shots=1000).result()[0].data.c.get_counts())
""",
}


def seconds(script: str, env: dict[str, str]) -> float:
    """Seconds that a process with `script` takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", script, BELL], env=env, check=True, capture_output=True)
    return time.perf_counter() - began


def rows() -> Table:
    """Measure."""
    with service() as ready:
        env = {**os.environ, **environment(ready)}
        contestants = {name: (lambda script=script: seconds(script, env)) for name, script in SCRIPTS.items()}
        figures = interleaved(contestants, rounds=5)
    return table(figures, ours=OURS, unit="s", scale=1.0, aims={})
