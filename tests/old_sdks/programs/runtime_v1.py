"""qiskit-ibm-runtime with the V1 primitives: 0.8 to 0.15."""

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Estimator, Options, QiskitRuntimeService, Sampler, Session
from steps import BELL, KEY, URL, step

INSTANCE = "ibm-q/open/main"
BACKEND = "ibm_fez"
bell = QuantumCircuit.from_qasm_str(BELL)
service = QiskitRuntimeService(channel="ibm_quantum", token=KEY, url=URL)


@step
def login():
    return service.active_account()["channel"]


@step
def backends():
    return sorted(one.name for one in service.backends(instance=INSTANCE))


backend = service.backend(BACKEND, instance=INSTANCE)


@step
def target():
    return [backend.target.num_qubits, "cz" in backend.target.operation_names, backend.status().operational]


@step
def properties():
    return backend.properties().gate_error("cz", (0, 1)) < 1


@step
def sampler():
    with Session(service=service, backend=backend) as session:
        job = Sampler(session=session, options=Options(execution={"shots": 300})).run([bell, bell])
        result = job.result()
        again = Sampler(session=session).run(bell).result()
    ones = [distribution.get(0, 0) + distribution.get(3, 0) for distribution in result.quasi_dists]
    return [
        result.metadata[0]["shots"],
        min(ones) > 0.6,
        len(again.quasi_dists),
        getattr(job, "session_id", job.job_id()) == job.job_id(),
    ]


@step
def estimator():
    angle = Parameter("a")
    turned = QuantumCircuit(2)
    turned.rx(angle, 0)
    job = Estimator(session=Session(service=service, backend=backend)).run(
        [turned, turned], [SparsePauliOp("IZ"), SparsePauliOp("IZ")], parameter_values=[[0.0], [3.14159265]]
    )
    return [round(float(value)) for value in job.result().values]


@step
def runner():
    where = {"backend": BACKEND, "instance": INSTANCE}
    job = service.run("circuit-runner", {"circuits": transpile(bell, backend)}, options=where)
    return sum(job.result().get_counts().values())


@step
def stream():
    seen = []
    job = service.run(
        "sampler",
        {"circuits": [bell], "circuit_indices": [0], "parameters": [[]], "parameter_values": [[]]},
        options={"backend": BACKEND, "instance": INSTANCE},
        callback=lambda job_id, message: seen.append(message),
    )
    job.result()
    job.wait_for_final_state()
    return len(seen)


@step
def jobs():
    newest = service.jobs(limit=2)
    again = service.job(newest[0].job_id())
    return [len(newest), str(again.status()), again.program_id, again.backend().name]


@step
def metrics():
    return sorted(service.jobs(limit=1)[0].metrics())


@step
def logs():
    return isinstance(service.jobs(limit=1)[0].logs(), str)


@step
def programs():
    return sorted(program.program_id for program in service.programs())
