"""qiskit-ibm-runtime with the V2 primitives: 0.23 to 0.40."""

from importlib.metadata import version

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler.preset_passmanagers import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService, SamplerV2, Session
from steps import BELL, KEY, URL, step

INSTANCE = "ibm-q/open/main"
BACKEND = "ibm_fez"
bell = QuantumCircuit.from_qasm_str(BELL)
service = QiskitRuntimeService(channel="ibm_quantum", token=KEY, url=URL, instance=INSTANCE)


@step
def login():
    return [service.active_account()["channel"], service.instances()]


@step
def backends():
    return sorted(one.name for one in service.backends())


backend = service.backend(BACKEND)


@step
def target():
    return [backend.target.num_qubits, "cz" in backend.target.operation_names, backend.status().operational]


@step
def properties():
    return backend.properties().gate_error("cz", (0, 1)) < 1


manager = generate_preset_pass_manager(optimization_level=1, backend=backend)
ready = manager.run(bell)


VERSION = tuple(map(int, version("qiskit-ibm-runtime").split(".")[:2]))


def mode(one):
    """The primitives' argument that says where to run, in each version."""
    if VERSION >= (0, 24):
        return {"mode": one}
    return {"session" if isinstance(one, Session) else "backend": one}


@step
def sampler():
    job = SamplerV2(**mode(backend)).run([ready], shots=300)
    counts = job.result()[0].data.c.get_counts()
    return [sum(counts.values()), counts.get("00", 0) + counts.get("11", 0) > 180]


@step
def estimator():
    flipped = QuantumCircuit(1)
    flipped.x(0)
    circuit = manager.run(flipped)
    job = EstimatorV2(**mode(backend)).run([(circuit, SparsePauliOp("Z").apply_layout(circuit.layout))])
    return round(float(job.result()[0].data.evs))


@step
def session():
    paid = service.backend(BACKEND, instance="a/b/c")
    with Session(**({"service": service} if VERSION < (0, 40) else {}), backend=paid) as opened:
        first = SamplerV2(**mode(opened)).run([ready])
        first.result()
        second = SamplerV2(**mode(opened)).run([ready])
        second.result()
        details = opened.details()
    return [first.session_id == second.session_id == opened.session_id, details["backend_name"]]


@step
def jobs():
    newest = service.jobs(limit=2, backend_name=BACKEND)
    again = service.job(newest[0].job_id())
    return [len(newest), str(again.status()), again.backend().name, again.result() is not None]


@step
def tags():
    job = SamplerV2(**mode(backend)).run([ready])
    job.update_tags(["one", "two"])
    tagged = [one.job_id() for one in service.jobs(job_tags=["one"])]
    job.wait_for_final_state()
    return [sorted(service.job(job.job_id()).tags), job.job_id() in tagged]


@step
def metrics():
    job = service.jobs(limit=1)[0]
    return [sorted(job.metrics()), job.metrics()["usage"]["quantum_seconds"] > 0]


@step
def logs():
    return isinstance(service.jobs(limit=1)[0].logs(), str)


@step
def usage():
    return sorted(service.usage()) if hasattr(service, "usage") else None


@step
def delete():
    job_id = service.jobs(limit=1)[0].job_id()
    service.delete_job(job_id)
    return job_id not in [one.job_id() for one in service.jobs(limit=5)]
