"""Programs that know only the names of the real services, unchanged: of IBM's SDK."""

from __future__ import annotations

import sys

import pytest

from qiskit_runtime_rest.offline import Offline

from ..fixtures.offline_programs import CRN, KEY, Program

QISKIT = """
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2
service = QiskitRuntimeService(CHOICES)
backend = service.backend("ibm_fez")
circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure_all()
job = SamplerV2(backend).run([transpile(circuit, backend)], shots=64)
print(sum(job.result()[0].data.meas.get_counts().values()), job.instance)
"""


@pytest.mark.parametrize(
    "choices",
    [
        "",
        f'channel="ibm_quantum_platform", token="{KEY}"',
        f'channel="ibm_cloud", token="{KEY}", instance="my-instance"',
        f'token="{KEY}", instance="{CRN}"',
    ],
)
def test_qiskit_ibm_runtime_arrives(program: Program, services: Offline, choices: str) -> None:
    shots, instance = program(sys.executable, "-W", "ignore", "-c", QISKIT.replace("CHOICES", choices)).split()
    assert shots == "64"
    assert instance == CRN if CRN in choices else instance
    assert KEY not in str(services.report())
