from qiskit import IBMQ

provider = IBMQ.load_account()
job = provider.runtime.run(program_id="hello-world", options={}, inputs={})
again = provider.runtime.job("abc")
