"""qiskit-ibm-provider 0.11: `backend.run` on the Runtime API."""

from qiskit import QuantumCircuit, transpile
from qiskit_ibm_provider import IBMProvider
from steps import BELL, KEY, URL, step

BACKEND = "ibm_fez"
INSTANCE = "ibm-q/open/main"
bell = QuantumCircuit.from_qasm_str(BELL)
provider = IBMProvider(token=KEY, url=URL)


@step
def login():
    return sorted(provider.instances())


@step
def backends():
    return sorted(one.name for one in provider.backends(instance=INSTANCE))


backend = provider.get_backend(BACKEND, instance=INSTANCE)


@step
def target():
    return [backend.target.num_qubits, "cz" in backend.target.operation_names, backend.status().operational]


@step
def run():
    job = backend.run(transpile([bell, bell], backend), shots=300)
    result = job.result()
    counts = [result.get_counts(position) for position in (0, 1)]
    return [[sum(one.values()) for one in counts], all(one.get("00", 0) + one.get("11", 0) > 180 for one in counts)]


@step
def dynamic():
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    result = backend.run(transpile(circuit, backend), shots=200, dynamic=True).result()
    return result.get_counts().get("1", 0) > 150


@step
def memory():
    result = backend.run(transpile(bell, backend), shots=20, memory=True).result()
    return len(result.get_memory())


@step
def retrieve():
    job = provider.retrieve_job(provider.jobs(limit=1)[0].job_id())
    return [str(job.status()), sum(job.result().get_counts().values()), job.backend().name]


@step
def session():
    with backend.open_session():
        first = backend.run(transpile(bell, backend), shots=100)
        second = backend.run(transpile(bell, backend), shots=100)
        return [sum(one.result().get_counts().values()) for one in (first, second)]


@step
def jobs():
    return [len(provider.jobs(limit=2)), len(provider.backend.jobs(limit=1, backend_name=BACKEND))]
