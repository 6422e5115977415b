from qiskit import IBMQ, QuantumCircuit, execute
from qiskit.providers.ibmq import least_busy
from qiskit_ibm_runtime import Estimator, Options, QiskitRuntimeService, Sampler, Session

IBMQ.load_account()
provider = IBMQ.get_provider(hub="ibm-q", group="open", project="main")
backend = least_busy(provider.backends(simulator=False))
provider.runtime.upload_program(data="bell.py", metadata="bell.json")

service = QiskitRuntimeService(channel="ibm_quantum", instance="ibm-q/open/main")
QiskitRuntimeService.save_account(channel="ibm_quantum", token="...", overwrite=True)
current = QiskitRuntimeService(channel="ibm_quantum_platform")

circuit = QuantumCircuit(2)
execute(circuit, backend)
with Session(service=service, backend="ibm_kyiv") as session:
    sampler = Sampler(session=session, options=Options())
    print(sampler.run(circuits=circuit).result().quasi_dists)
    estimator = Estimator(session=session)
    estimator.run(circuits=circuit, observables="ZZ", parameter_values=[])
