"""Accounts, instances and backends with qiskit-ibm-runtime."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qiskit_ibm_runtime import QiskitRuntimeService

KEY = os.environ["QISKIT_IBM_TOKEN"]
CRN = os.environ["QISKIT_IBM_INSTANCE"]


def resolver(*_: object) -> str:
    return f"{os.environ['EMULATOR']}/api/v1"


def account(**arguments: Any) -> QiskitRuntimeService:
    given = {"channel": "ibm_quantum_platform", "token": KEY, **arguments}
    return QiskitRuntimeService(**given, url_resolver=resolver)


def failure(action: Callable[[], object]) -> list[str] | None:
    try:
        action()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None


report: dict[str, Any] = {}
by_crn = account(instance=CRN)
report["instances"] = [dict(instance) for instance in by_crn.instances()]
names = {instance["name"]: instance["crn"] for instance in report["instances"]}
report["active"] = {
    "by CRN": by_crn.active_instance(),
    "by name": account(instance="emulator-open").active_instance(),
    "by environment": QiskitRuntimeService().active_instance(),
}
unbound = account(plans_preference=["pay-as-you-go"])
report["active"]["by plan"] = unbound.backend("ibm_fez")._instance
automatic = account(instance="auto", region="us-east")
report["active"]["auto"] = automatic.backend("ibm_fez")._instance
accounts = str(Path("accounts.json").resolve())
QiskitRuntimeService.save_account(
    token=KEY, instance="emulator-paygo", filename=accounts, name="mine", channel="ibm_quantum_platform"
)
saved = QiskitRuntimeService(filename=accounts, name="mine", url_resolver=resolver)
report["active"]["saved"] = saved.active_instance()

report["refused"] = {
    "key": failure(lambda: account(token="wrong", instance=CRN)),
    "instance": failure(lambda: account(instance=CRN.replace("us-east", "eu-de"))),
    "name": failure(lambda: account(instance="nobody's")),
    "filter": failure(lambda: account(plans_preference=["flex"])),
    "backend": failure(lambda: by_crn.backend("ibm_nowhere")),
    "plan's backend": failure(lambda: account(instance="emulator-open").backend("ibm_sherbrooke")),
}

report["usage"] = {"premium": by_crn.usage(), "open": account(instance="emulator-open").usage()}
report["open backends"] = sorted(backend.name for backend in account(instance="emulator-open").backends())
report["least busy"] = by_crn.least_busy(min_num_qubits=150).name
report["by name"] = [backend.name for backend in by_crn.backends(name="ibm_sherbrooke")]

report["devices"] = {}
for name in ("ibm_fez", "ibm_sherbrooke", "ibm_boston", "ibmq_lima", "ibmq_paris"):
    backend = by_crn.backend(name)
    status = backend.status()
    properties = backend.properties()
    target = backend.target
    two_qubit = next(gate for gate in ("cz", "ecr", "cx") if gate in target.operation_names)
    pair = min(target[two_qubit])
    report["devices"][name] = {
        "status": [status.operational, status.status_msg, status.pending_jobs],
        "qubits": [backend.num_qubits, target.num_qubits, len(properties.qubits), backend.configuration().n_qubits],
        "operations": sorted(target.operation_names),
        "couplings": len(backend.coupling_map.get_edges()),
        "pair error": [target[two_qubit][pair].error, properties.gate_error(two_qubit, pair)],
        "readout error": [target["measure"][(0,)].error, properties.readout_error(0)],
        "t1": [target.qubit_properties[0].t1, properties.t1(0)],
        "dt": backend.dt,
        "max_circuits": backend.max_circuits,
        "faulty": [properties.faulty_qubits(), len(properties.faulty_gates())],
    }
    backend.refresh()
fractional = by_crn.backend("fake_fractional", use_fractional_gates=True)
report["fractional"] = sorted(set(fractional.target.operation_names) & {"rx", "rzz"})
report["not fractional"] = failure(lambda: by_crn.backend("ibm_miami", use_fractional_gates=True))
print(json.dumps(report))
