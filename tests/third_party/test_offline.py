"""Programs that know only the names of the real services, unchanged: of IBM's SDK and of qrmi."""

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


QRMI = """
import json, os, time
settings = {
    "ENDPOINT": "https://quantum.cloud.ibm.com/api/v1",
    "IAM_ENDPOINT": "https://iam.cloud.ibm.com",
    "IAM_APIKEY": "THE_KEY",
    "SERVICE_CRN": "THE_CRN",
}
os.environ.update({f"ibm_fez_QRMI_IBM_QCS_{name}": value for name, value in settings.items()})
from qrmi import Payload, QuantumResource, ResourceType, TaskStatus
resource = QuantumResource("ibm_fez", ResourceType.IBMQuantumComputeService)
lock = resource.acquire()
circuit = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; sx $0; c[0] = measure $0;'
given = json.dumps({"version": 2, "support_qiskit": False, "pubs": [[circuit, None, 64]]})
task = resource.task_start(Payload.QiskitPrimitive(input=given, program_id="sampler"))
while resource.task_status(task) in (TaskStatus.Queued, TaskStatus.Running):
    time.sleep(0.1)
print(len(json.loads(resource.task_result(task).value)["results"][0]["data"]["c"]["samples"]))
resource.release(lock)
"""


def test_qrmi_arrives(program: Program, services: Offline) -> None:
    assert program(sys.executable, "-c", QRMI.replace("THE_CRN", CRN).replace("THE_KEY", KEY)) == "64\n"
    assert KEY not in str(services.report())
