"""Which circuits are read and accepted, and how the others are refused."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, qasm2, qasm3, qpy, transpile
from qiskit.circuit import Instruction
from qiskit.circuit.classical import expr
from qiskit.qpy import QPY_COMPATIBILITY_VERSION, QPY_VERSION

from qiskit_runtime_rest.emulator import devices, programs

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
QASM2 = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2];'


def one(circuit: Any, **options: Any) -> dict[str, Any]:
    return {"pubs": [[circuit, None, 200]], **options}


def most_common(outcome: Any, register: str = "c") -> str:
    samples: list[str] = json.loads(outcome.body)["results"][0]["data"][register]["samples"]
    return Counter(samples).most_common(1)[0][0]


def encoded(circuit: QuantumCircuit, version: int = QPY_VERSION) -> dict[str, str]:
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=version)
    return {
        "__type__": "QuantumCircuit",
        "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode(),
    }


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER} bit[2] c; x $1; c[0] = measure $0; c[1] = measure $1;",
        'include "stdgates.inc"; qubit[2] q; bit[2] c; x q[1]; c = measure q;',
        '\nOPENQASM 3;\ninclude "stdgates.inc";\nqreg q[2];\ncreg c[2];\nx q[1];\nmeasure q -> c;\n',
        f"{QASM2} x q[1]; measure q -> c;",
        f"// OPENQASM 3;\n// two comments\n{QASM2} x q[1]; measure q -> c;",
        f"{QASM2} sx q[1]; sx q[1]; id q[1]; rz(0.3) q[1]; barrier q; measure q -> c;",
        f"{HEADER} bit[2] c; sx $1; sx $1; id $1; barrier $0, $1; c[0] = measure $0; c[1] = measure $1;",
        f"{HEADER} bit[2] c; x $1; delay[100ns] $0; reset $0; c[0] = measure $0; c[1] = measure $1;",
        f"/* OPENQASM 2; */ {HEADER} bit[2] c; x $1; c[0] = measure $0; c[1] = measure $1;",
        f"{HEADER} bit[2] c; box {{ x $1; }} c[0] = measure $0; c[1] = measure $1;",
        f"{HEADER} bit[2] c; for int i in [0:2] {{ x $1; }} c[0] = measure $0; c[1] = measure $1;",
    ],
)
def test_the_same_circuit_is_read_from_many_texts(completed: Any, text: str) -> None:
    assert most_common(completed("sampler", one(text), backend="ibm_fez")) == "0x2"


@pytest.mark.parametrize("version", range(QPY_COMPATIBILITY_VERSION, QPY_VERSION + 1))
def test_every_version_of_qpy_that_qiskit_reads_is_read(completed: Any, version: int) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    assert most_common(completed("sampler", one(encoded(circuit, version)))) == "0x2"


def test_a_transpiled_circuit_runs_from_both_exports(completed: Any) -> None:
    device = devices.get("ibm_brisbane")
    circuit = QuantumCircuit(3, 3)
    circuit.x(0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(2, 1)
    circuit.h(2)
    circuit.measure([0, 1, 2], [0, 1, 2])
    isa = transpile(
        circuit,
        basis_gates=device.configuration["basis_gates"],
        coupling_map=device.configuration["coupling_map"],
        initial_layout=[62, 63, 64],
        optimization_level=1,
        seed_transpiler=1,
    )
    assert "ecr" in isa.count_ops()
    for text in (qasm3.dumps(isa), qasm2.dumps(isa)):
        assert most_common(completed("sampler", one(text), backend="ibm_brisbane")) == "0x1"


def test_a_wide_circuit_with_control_flow_runs_from_qpy(completed: Any) -> None:
    circuit = QuantumCircuit(133, 3)
    circuit.x(40)
    circuit.measure(40, 0)
    body = QuantumCircuit(133, 3)
    body.x(100)
    body.measure(100, 2)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(41)
    circuit.if_else((circuit.clbits[0], 1), body, None, range(133), range(3))
    circuit.measure(41, 1)
    assert most_common(completed("sampler", one(encoded(circuit)))) == "0x7"


def test_a_single_bit_is_a_register_of_its_name(completed: Any) -> None:
    text = f"{HEADER} bit first; bit[2] c; bit second = measure $1; x $0; first = measure $0; c[1] = measure $2;"
    data = json.loads(completed("sampler", one(text), backend="ibm_fez").body)["results"][0]["data"]
    assert {name: register["num_bits"] for name, register in data.items()} == {"first": 1, "c": 2, "second": 1}
    assert Counter(data["first"]["samples"]).most_common(1)[0][0] == "0x1"


def test_the_shorter_pulses_of_newer_devices_measure_and_reset_too(completed: Any) -> None:
    circuit = QuantumCircuit(2, 3)
    circuit.x(1)
    circuit.append(Instruction("measure_2", 1, 1, []), [1], [1])
    circuit.append(Instruction("reset_2", 1, 0, []), [1])
    circuit.measure(1, 0)
    assert most_common(completed("sampler", one(encoded(circuit)), backend="ibm_boston")) == "0x2"


def test_an_instruction_that_the_simulator_lacks_fails_the_job(failed: Any) -> None:
    circuit = QuantumCircuit(1, 1)
    flag = circuit.add_var("flag", expr.lift(False))
    circuit.measure(0, 0)
    circuit.store(flag, circuit.clbits[0])
    failure = failed("sampler", one(encoded(circuit)), backend="ibm_boston")
    assert failure.code == 5204
    assert "classical variables" in failure.reason


def test_a_register_condition_survives_the_reduction(completed: Any) -> None:
    text = (
        f"{HEADER} bit[2] m; bit[1] c; x $8; m[0] = measure $8; m[1] = measure $9; if (m == 1) {{ x $50; }}"
        "c[0] = measure $50;"
    )
    assert most_common(completed("sampler", one(text))) == "0x1"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "empty"),
        ("AAAA", "no viable alternative"),
        (f"{HEADER} qubit q; x q", "line 1:50 '<EOF>' is not expected there"),
        (f"{HEADER} qubit[2] q; ecr q[0], q[1];", "'ecr' is not defined"),
        ('OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; nonsense q[0];', "nonsense"),
        (f"{HEADER} gate ecr a, b {{ cx a, b; }} qubit[2] q; ecr q[0], q[1];", "differs from the gate of that name"),
        (f"{HEADER} gate ecr a {{ x a; }} qubit[2] q; ecr q[0];", "differs from the gate of that name"),
        (f"{HEADER} gate rzz(t) a, b {{ rz(t) a; }} input float w; qubit[2] q; rzz(w) q[0], q[1];", "differs"),
        ({"__type__": "QuantumCircuit", "__value__": "bm90IHpsaWI="}, "incorrect header check"),
        (17, "got int"),
        (None, "got NoneType"),
        ({"qasm": HEADER}, "got dict"),
    ],
)
def test_an_unreadable_circuit_fails_the_job(failed: Any, text: Any, hint: str) -> None:
    failure = failed("sampler", one(text), backend="ibm_brisbane")
    assert failure.code in {1506, 1603}
    assert failure.reason.startswith("Job not valid. Error loading QASM circuit of pub 0: ")
    assert hint in failure.reason
    assert "OpenQASM" in failure.solution


@pytest.mark.parametrize("start", ["OPENQASM 2.0;", "OPENQASM 3.0;", ""])
def test_a_circuit_includes_no_file_of_the_machine(
    failed: Any, start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("local.inc").write_text("secret_word;")
    for name in ("local.inc", str(tmp_path / "local.inc"), "../" + tmp_path.name + "/local.inc"):
        failure = failed("sampler", one(f'{start} include "{name}"; qreg q[1];'), backend="ibm_brisbane")
        assert failure.code in {1506, 1603}
        assert "secret_word" not in failure.reason + failure.log


def test_a_file_that_includes_itself_ends_nothing(failed: Any, tmp_path: Path) -> None:
    endless = tmp_path / "endless.inc"
    endless.write_text(f'include "{endless}";')
    assert failed("sampler", one(f'OPENQASM 2.0; include "{endless}";'), backend="ibm_brisbane").code in {1506, 1603}


def test_two_codes_alternate_for_a_circuit_that_cannot_be_read() -> None:
    failures = [programs.run("sampler", one("this is not qasm"), backend="ibm_torino", seed=seed) for seed in range(20)]
    assert {one.code for one in failures if isinstance(one, programs.Failure)} == {1506, 1603}
    assert len({one.reason for one in failures if isinstance(one, programs.Failure)}) == 1


@pytest.mark.parametrize(
    "text", [f"{HEADER} cx $0, $0;", 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; cx q[0], q[0];']
)
def test_duplicate_operands_have_one_code(text: str) -> None:
    for seed in range(5):
        failure = programs.run("sampler", one(text), backend="ibm_torino", seed=seed)
        assert isinstance(failure, programs.Failure)
        assert failure.code == 1603
        assert failure.reason.startswith("Job not valid. Error loading QASM circuit")
        assert "duplicate" in failure.reason


@pytest.mark.parametrize(
    ("backend", "body", "hint"),
    [
        ("ibm_torino", "h $0;", "instruction h on qubits (0,)"),
        ("ibm_torino", "cx $0, $1;", "instruction cx on qubits (0, 1)"),
        ("ibm_torino", "cz $0, $2;", "instruction cz on qubits (0, 2)"),
        ("ibm_torino", "x $133;", "has 134 qubits, the device 133"),
        ("ibm_torino", "U(0.1, 0.2, 0.3) $0;", "instruction u on"),
        ("ibm_torino", "bit[1] c; c[0] = measure $1; if (c[0]) { h $5; }", "instruction h on qubits (5,)"),
        ("ibm_torino", "box { cz $0, $3; }", "cz on qubits (0, 3)"),
        ("ibm_torino", "bit[1] c; while (c[0]) { x $1; }", "while_loop"),
        ("ibm_brisbane", "gate ecr a, b { s a; sx b; cx a, b; x a; } ecr $0, $1;", "instruction ecr on qubits (0, 1)"),
        ("ibm_berlin", "reset $0;", "instruction reset on qubits (0,)"),
        ("ibmq_armonk", "x $1;", "has 2 qubits, the device 1"),
    ],
)
def test_a_circuit_that_does_not_fit_the_device_fails_the_job(failed: Any, backend: str, body: str, hint: str) -> None:
    failure = failed("sampler", one(f"{HEADER} {body}"), backend=backend)
    assert failure.code == 1517
    assert hint in failure.reason
    assert "Transpile the circuit" in failure.solution
    if "instruction" in hint:
        assert failure.reason.endswith(
            " is not supported by the target system. "
            "Transpile your circuits for the target before submitting a primitive query."
        )
    assert "JobFailedError" in failure.log


def test_the_failing_pub_is_named(failed: Any, bell: Any) -> None:
    failure = failed("sampler", {"pubs": [bell(0, 1), bell(1, 2), f"{HEADER} h $0;"]})
    assert "pub 2" in failure.solution
