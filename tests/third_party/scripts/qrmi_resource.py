"""A qrmi resource as in a Slurm job: acquire it, read its status, run tasks, release it."""

import json
import os
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from qrmi import Payload, QRMIService, QuantumResource, ResourceType, TaskStatus  # type: ignore[attr-defined]

BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
c[0] = measure $0;
c[1] = measure $1;
"""

report: dict[str, Any] = {}
report["discovered"] = [resource.resource_id() for resource in QRMIService().resources()]
resource = QuantumResource("ibm_fez", ResourceType.IBMQuantumComputeService)
report["metadata"] = resource.metadata()
report["status"] = resource.status().to_dict()
target = json.loads(resource.target().value)
report["target"] = [target["configuration"]["n_qubits"], len(target["properties"]["qubits"])]


def run(program: str, **content: Any) -> Any:
    payload = Payload.QiskitPrimitive(input=json.dumps({"version": 2, **content}), program_id=program)
    task = resource.task_start(payload)
    while (status := resource.task_status(task)) in (TaskStatus.Queued, TaskStatus.Running):
        time.sleep(0.05)
    return task, status


def pace(value: str) -> None:
    body = json.dumps({"pace": value}).encode()
    headers = {"Content-Type": "application/json"}
    url = f"{os.environ['EMULATOR']}/_emulator/pace"
    urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60).close()


def failure(action: Callable[[], object]) -> list[str] | None:
    try:
        action()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None


session = resource.acquire()
report["session"] = session
task, status = run("sampler", pubs=[[BELL, None, 1000]])
report["sampled"] = {"status": str(status), "task": task, **json.loads(resource.task_result(task).value)}
report["log"] = resource.task_logs(task)
task, status = run("estimator", pubs=[[BELL, [{"ZZ": 1.0}, "XX"], None, 0.05]])
report["estimated"] = {"status": str(status), **json.loads(resource.task_result(task).value)}
task, status = run("sampler", pubs=[[BELL.replace("cz", "cx"), None, 10]])
report["failed"] = {
    "status": str(status),
    "log": resource.task_logs(task),
    "result": failure(lambda: resource.task_result(task)),
}
pace("hold")
payload = Payload.QiskitPrimitive(input=json.dumps({"pubs": [[BELL]], "version": 2}), program_id="sampler")
task = resource.task_start(payload)
resource.task_stop(task)
report["stopped"] = str(resource.task_status(task))
pace("immediate")
report["unknown"] = failure(lambda: resource.task_status("d0000000000000000000"))
report["bad program"] = failure(lambda: run("magic", pubs=[[BELL]]))
resource.release(session)
print(json.dumps(report))
