"""Jobs, sessions and batches: wait, list, tag, cancel, fail, read once, delete."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import Batch, EstimatorV2, QiskitRuntimeService, SamplerV2, Session

report: dict[str, Any] = {}
service = QiskitRuntimeService()
backend = service.backend("ibm_fez")
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
plain = generate_preset_pass_manager(backend=backend, optimization_level=1, initial_layout=[0, 1]).run(bell)
measured = plain.copy()
measured.measure_all()


def pace(value: Any) -> None:
    requests.post(f"{os.environ['EMULATOR']}/_emulator/pace", json={"pace": value}, timeout=60).raise_for_status()


def failure(action: Callable[[], object]) -> list[str] | None:
    try:
        action()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None


def sample(mode: Any = backend, shots: int = 10, **options: Any) -> Any:
    return SamplerV2(mode=mode, options=options).run([measured], shots=shots)


# A completed job, with everything that can be read of it.
job = sample(environment={"job_tags": ["study", "first"], "log_level": "DEBUG"})
before = job.status()
job.result()
metrics = job.metrics()
found = service.job(job.job_id())
report["done"] = {
    "statuses": [before, job.status()],
    "flags": [job.done(), job.errored(), job.cancelled(), job.running(), job.in_final_state()],
    "metrics": sorted(metrics),
    "timestamps": [metrics["timestamps"][name] for name in ("created", "running", "finished")],
    "usage": [job.usage(), metrics["usage"]["qpu_charge_time_seconds"], metrics["usage"]["status"]],
    "caller": metrics["caller"],
    "backend": job.backend().name,
    "properties": job.properties().backend_name,
    "found": [found.primitive_id, found.tags, found.creation_date.isoformat(), found.session_id, found.private],
    "again": found.result()[0].data.meas.num_shots,
    "logs": job.logs(),
    "error": job.error_message(),
    "too late": failure(job.cancel),
    "instance usage": service.usage()["usage_consumed_seconds"],
}

report["tags"] = {
    "updated": sorted(job.update_tags(["study", "second"])),
    "by both": [found.job_id() for found in service.jobs(job_tags=["second", "study"])] == [job.job_id()],
    "by old": len(service.jobs(job_tags=["first"])),
    "too long": failure(lambda: job.update_tags(["x" * 100])),
}

# Many queued jobs: listed over several pages, and cancelled.
pace("hold")
waiting = [sample() for _ in range(23)]
held = waiting[0]
created = held.creation_date
report["waiting"] = {
    "status": held.status(),
    "pending": len(service.jobs(limit=None, pending=True)),
    "ten": len(service.jobs()),
    "newest": service.jobs(limit=1)[0].job_id() == waiting[-1].job_id(),
    "oldest": service.jobs(limit=1, descending=False)[0].job_id() == job.job_id(),
    "skipped": [found.job_id() for found in service.jobs(limit=2, skip=21, pending=True)]
    == [waiting[1].job_id(), held.job_id()],
    "elsewhere": len(service.jobs(backend_name="ibm_kingston")),
    "after": len(service.jobs(limit=None, created_after=created)),
    "before": len(service.jobs(limit=None, created_before=created - timedelta(microseconds=1))),
    "estimators": len(service.jobs(program_id="estimator")),
    "queue": backend.status().pending_jobs,
    "timeout": failure(lambda: held.wait_for_final_state(timeout=0.1)),
    "undeletable": failure(lambda: service.delete_job(held.job_id())),
}
for one in waiting:
    one.cancel()
report["cancelled"] = {
    "status": [held.status(), service.job(held.job_id()).status()],
    "result": failure(held.result),
    "usage": held.usage(),
    "pending": len(service.jobs(pending=True)),
}

# A job that exceeds its time limit.
pace({"queued": "immediate", "running": "hold"})
limited = sample(max_execution_time=1)
report["limited"] = [failure(limited.result), limited.status(), limited.error_message()]
pace("immediate")

# Jobs that fail.
failed = sample(shots=20_000_000)
report["failed"] = {
    "result": failure(failed.result),
    "status": failed.status(),
    "message": failed.error_message(),
    "logs": failed.logs(),
}
kerneled = SamplerV2(mode=backend)
kerneled.options.execution.meas_type = "kerneled"
points = next(iter(kerneled.run([measured], shots=10).result()[0].data.values()))
report["kerneled"] = [list(points.shape), str(points.dtype)]
report["not transpiled"] = failure(lambda: SamplerV2(mode=backend).run([bell.measure_all(inplace=False)]))

# A private job: the result can be read once, the input never.
private = sample(environment={"private": True})
report["private"] = {
    "marked": [private.private, service.job(private.job_id()).private],
    "shots": private.result()[0].data.meas.num_shots,
    "again": service.job(private.job_id()).result(),
    "inputs": private.inputs,
}

service.delete_job(failed.job_id())
report["deleted"] = failure(lambda: service.job(failed.job_id()))
report["unknown"] = failure(lambda: service.job("d0000000000000000000"))

with Session(backend=backend, max_time="1h") as session:
    states = [session.status()]
    estimator = EstimatorV2(mode=session)
    job = estimator.run([(plain, "I" * 154 + "ZZ")], precision=0.1)
    job.result()
    states.append(session.status())
    details = session.details()
states.append(session.status())
report["session"] = {
    "states": states,
    "job's": job.session_id == session.session_id,
    "details": {name: details[name] for name in ("mode", "max_time", "state", "accepting_jobs", "backend_name")},
    "history": [entry["status"] for entry in session.details()["timestamps"]],
    "usage": session.usage(),
    "closed": failure(lambda: estimator.run([(plain, "I" * 156)])),
    "from id": Session.from_id(session.session_id, service).status(),
    "wrong kind": failure(lambda: Batch.from_id(session.session_id, service)),
    "unknown": failure(lambda: Session.from_id("00000000-0000-4000-8000-000000000000", service)),
}

with Batch(backend=backend) as batch:
    jobs = [sample(mode=batch, shots=shots) for shots in (5, 6)]
    reopened = Batch.from_id(batch.session_id, service)
    jobs.append(sample(mode=reopened, shots=7))
report["batch"] = {
    "shots": [job.result()[0].data.meas.num_shots for job in jobs],
    "listed": [job.job_id() for job in service.jobs(session_id=batch.session_id, descending=False)]
    == [job.job_id() for job in jobs],
    "mode": batch.details()["mode"],
    "status": batch.status(),
}

pace("hold")
session = Session(backend=backend)
queued = sample(mode=session)
session.cancel()
report["cancelled session"] = [session.status(), queued.status()]
pace("immediate")

plan = QiskitRuntimeService(instance="emulator-open")
report["open plan"] = {
    "session": failure(lambda: Session(backend=plan.backend("ibm_fez"))),
    "batch": Batch(backend=plan.backend("ibm_fez")).status(),
    "others' job": failure(lambda: plan.job(held.job_id())),
}
print(json.dumps(report))
