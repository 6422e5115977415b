"""qBraid's provider: a run, and the calls that it makes without qiskit-ibm-runtime, to the classic host."""

import json

from qbraid.runtime.ibm import QiskitRuntimeProvider
from qiskit import QuantumCircuit

provider = QiskitRuntimeProvider(
    token="a key of mine",
    instance="crn:v1:bluemix:public:quantum-computing:us-east:a/0a1b2c3d:11112222-3333-4444-5555-666677778888::",
)
device = provider.get_device("ibm_fez")
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
job = device.run(bell, shots=200)
counts = job.result().data.get_counts()
listed = [one["id"] for one in provider.list_jobs()["jobs"]]
print(
    json.dumps(
        {
            "online": device.status().name == "ONLINE",
            "shots": sum(counts.values()),
            "alike": counts.get("00", 0) + counts.get("11", 0) > 140,
            "listed": job.id in listed,
            "status": provider.get_job(job.id)["status"],
        }
    )
)
