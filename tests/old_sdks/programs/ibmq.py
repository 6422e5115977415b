"""qiskit-ibmq-provider 0.20: its runtime, and `backend.run` of the API of 2019."""

import time

from qiskit import QuantumCircuit, transpile
from qiskit.providers.ibmq import IBMQ, IBMQBackendApiError, RunnerResult
from steps import BELL, KEY, URL, step

BACKEND = "ibm_fez"
bell = QuantumCircuit.from_qasm_str(BELL)
provider = IBMQ.enable_account(KEY, url=URL)


@step
def login():
    return str(provider)


@step
def backends():
    return sorted(one.name() for one in provider.backends())


backend = provider.get_backend(BACKEND)


@step
def target():
    return [backend.configuration().n_qubits, "cz" in backend.configuration().basis_gates, backend.status().operational]


@step
def properties():
    return backend.properties().gate_error("cz", (0, 1)) < 1


ready = transpile(bell, backend, initial_layout=[0, 1])


@step
def programs():
    return sorted(program.program_id for program in provider.runtime.programs())


@step
def runtime():
    job = provider.runtime.run("circuit-runner", {"backend_name": BACKEND}, {"circuits": ready, "shots": 200})
    result = job.result(decoder=RunnerResult)
    return [sum(result.get_counts().values()), str(job.status())]


@step
def sampler():
    params = {"circuits": [ready], "circuit_indices": [0], "parameter_values": [[]]}
    job = provider.runtime.run("sampler", {"backend_name": BACKEND}, params)
    return sorted(job.result())


@step
def stream():
    seen = []
    options = {"backend_name": BACKEND}
    job = provider.runtime.run("runtime-simple", options, {"iterations": 3}, callback=lambda *given: seen.append(given))
    deadline = time.monotonic() + 20
    while len(seen) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    return [len(seen), job.result()]


@step
def upload():
    program_id = provider.runtime.upload_program(
        "def main(backend, user_messenger): pass", {"name": "mine", "max_execution_time": 60, "description": "d"}
    )
    provider.runtime.update_program(program_id, description="other")
    found = provider.runtime.program(program_id, refresh=True).description
    provider.runtime.delete_program(program_id)
    return found


@step
def jobs():
    newest = provider.runtime.jobs(limit=1)[0]
    return [provider.runtime.job(newest.job_id()).job_id() == newest.job_id(), isinstance(newest.logs(), str)]


@step
def run():
    try:
        backend.run(ready, shots=300)
    except IBMQBackendApiError as refused:
        return "provider.runtime.run" in str(refused)
