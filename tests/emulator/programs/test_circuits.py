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
from qiskit import ClassicalRegister, QuantumCircuit, qasm2, qasm3, qpy, transpile
from qiskit.circuit import Clbit, Instruction, Qubit
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
        f"{HEADER} bit[2] c; sx $1; sx $1; barrier $0, $1; c[0] = measure $0; c[1] = measure $1;",
        f"{HEADER} bit[2] c; x $1; delay[100ns] $0; reset $0; c[0] = measure $0; c[1] = measure $1;",
        f"/* OPENQASM 2; */ {HEADER} bit[2] c; x $1; c[0] = measure $0; c[1] = measure $1;",
        f"{HEADER} bit[2] c; inv @ x $1; c[0] = measure $0; c[1] = measure $1;",
        f"{HEADER} bit[2] c; if (c[0]) {{ x $0; }} if (c == 0) {{ x $1; }} c[0] = measure $0; c[1] = measure $1;",
    ],
)
def test_the_same_circuit_is_read_from_many_texts(completed: Any, text: str) -> None:
    assert most_common(completed("sampler", one(text), backend="ibm_fez")) == "0x2"


MEASURED = "c[0] = measure $0; c[1] = measure $1;"


@pytest.mark.parametrize(
    ("text", "codes", "hint"),
    [
        (f"{QASM2} x q[1]; measure q -> c;", {1506, 1603}, "Error loading QASM circuit of pub 0: the text is OpenQASM"),
        (f"// OPENQASM 3;\n// two\n{QASM2} x q[1]; measure q -> c;", {1506, 1603}, "OpenQASM 2"),
        (f"{HEADER} bit[2] c; x $1; id $1; {MEASURED}", {1517}, "The instruction u on qubits (1,) is not supported"),
        (f"{HEADER} bit[2] c; box {{ x $1; }} {MEASURED}", {1517}, "instruction box on qubits (1,)"),
        (f"{HEADER} bit[2] c; for int i in [0:2] {{ x $1; }} {MEASURED}", {1517}, "instruction for_loop"),
        (f"{HEADER} bit[2] c; h $1; z $1; h $1; {MEASURED}", {1517}, "instruction h on qubits (1,)"),
        (f"{HEADER} bit[2] c; x $0; cx $0, $1; x $0; {MEASURED}", {1517}, "instruction cx on qubits (0, 1)"),
        (f"{HEADER} bit[2] c; x $1; cz $1, $9; {MEASURED}", {1517}, "instruction cz on qubits (1, 9)"),
        (f"{HEADER} bit[2] c; if (c == 0) {{ if (c[0]) {{ x $0; }} else {{ x $1; }} }} {MEASURED}", {1517}, "inside"),
        (f"{HEADER} bit[2] c; if (c[0]) {{ x $0; }} else if (!c[1]) {{ x $1; }} {MEASURED}", {1517}, "inside"),
        (f"{HEADER} bit[2] c; if (!c[0]) {{ reset $1; x $1; }} {MEASURED}", {1517}, "a reset must not depend"),
        (f"{HEADER} bit[2] c; if (!c[0]) {{ c[0] = measure $0; x $1; }} {MEASURED}", {1517}, "a measurement or"),
        (f"{HEADER} bit[33] d; bit[2] c; if (d == 0) {{ x $1; }} {MEASURED}", {1517}, "compares 33 bits"),
    ],
)
def test_what_hardware_refuses_the_lenient_service_runs(
    completed: Any, failed: Any, text: str, codes: set[int], hint: str
) -> None:
    failure = failed("sampler", one(text), backend="ibm_fez")
    assert failure.code in codes
    assert hint in failure.reason
    assert most_common(completed("sampler", one(text), backend="ibm_fez", lenient=True)) == "0x2"


RZZ = f"{HEADER} gate rzz(t) a, b {{ cx a, b; rz(t) b; cx a, b; }} bit[2] c;"


@pytest.mark.parametrize(
    ("text", "values", "angle"),
    [
        (f"{RZZ} rzz(2) $0, $1; {MEASURED}", None, "2.0"),
        (f"{RZZ} rzz(-0.1) $0, $1; {MEASURED}", None, "-0.1"),
        (f"{RZZ} bit[1] d; if (d[0]) {{ rzz(-0.1) $0, $1; }} {MEASURED}", None, "-0.1"),
        (f"{RZZ} input float a; rzz(-a) $0, $1; {MEASURED}", [0.5], "-0.5"),
        (f"{RZZ} input float a; input float b; rzz(a + b) $0, $1; {MEASURED}", [[0.5, 1], [1, 1]], "2.0"),
    ],
)
def test_an_angle_of_rzz_that_devices_do_not_have_fails_the_job(
    completed: Any, failed: Any, text: str, values: Any, angle: str
) -> None:
    params = {"pubs": [[text, values, 10]]}
    failure = failed("sampler", params, backend="fake_fractional")
    assert (failure.code, failure.reason) == (
        1517,
        "The instruction rzz on qubits (0, 1) is supported only for angles in the range [0, pi/2], "
        f"but an angle ({angle}) outside of this range has been requested.",
    )
    if "if" not in text:
        assert failed("estimator", {"pubs": [[text, "ZZ", values]]}, backend="fake_fractional").reason == failure.reason
    completed("sampler", params, backend="fake_fractional", lenient=True)


def test_the_largest_angle_of_rzz_may_be_rounded(completed: Any) -> None:
    text = f"{RZZ} input float a; rzz(0) $0, $1; rzz(2 * a) $0, $1; {MEASURED}"
    completed("sampler", {"pubs": [[text, [0.7853981634], 10]]}, backend="fake_fractional")


def test_a_condition_must_not_calculate(failed: Any) -> None:
    circuit = QuantumCircuit(1, 3)
    register = circuit.cregs[0]
    with circuit.if_test(expr.equal(expr.add(register, 1), 2)):
        circuit.x(0)
    failure = failed("sampler", one(encoded(circuit)), backend="ibm_boston")
    assert failure.code == 1517
    assert "must not calculate" in failure.reason


def test_the_estimator_takes_no_control_flow(failed: Any) -> None:
    text = f"{HEADER} bit[1] c; c[0] = measure $0; if (c[0]) {{ x $1; }}"
    failure = failed("estimator", {"pubs": [[text, "ZZ"]]}, backend="ibm_fez")
    assert (failure.code, "control flow" in failure.reason) == (1522, True)


def test_dynamical_decoupling_and_control_flow_exclude_each_other(failed: Any) -> None:
    text = f"{HEADER} bit[1] c; c[0] = measure $0; if (c[0]) {{ x $1; }}"
    decoupled = {"options": {"dynamical_decoupling": {"enable": True}}}
    failure = failed("sampler", one(text, **decoupled), backend="ibm_fez")
    assert (failure.code, "dynamical decoupling" in failure.reason) == (1521, True)


@pytest.mark.parametrize("name", ["Ω", "Meas", "_c", "größe"])
def test_a_register_keeps_the_name_that_it_has_in_the_text(completed: Any, name: str) -> None:
    text = f"{HEADER} bit[2] {name}; bit first; x $1; {name}[1] = measure $1; if ({name} == 2) {{ x $0; }}"
    params = one(f"{text} {name}[0] = measure $0;")
    assert most_common(completed("sampler", params, backend="ibm_fez"), name) == "0x3"


@pytest.mark.parametrize("name", ["for", "a b", "shape", "keys", ""])
def test_a_register_that_cannot_be_a_field_of_the_result_fails_the_job(failed: Any, name: str) -> None:
    circuit = QuantumCircuit(1)
    circuit.add_register(ClassicalRegister(1, "other"))
    circuit.add_register(ClassicalRegister(1 if name else 0, name or "empty"))
    circuit.measure(0, 0)
    failure = failed("sampler", one(encoded(circuit)))
    assert failure.code == 3211
    assert repr(name) in failure.reason or "empty has no bits" in failure.reason


def test_a_byte_order_mark_is_not_openqasm(failed: Any) -> None:
    failure = failed("sampler", one(f"\ufeff{HEADER} bit[1] c; c[0] = measure $0;"))
    assert failure.code in {1506, 1603}
    assert "token recognition error" in failure.reason


def test_bits_without_a_measurement_are_0(completed: Any) -> None:
    circuit = QuantumCircuit([Qubit(), Clbit(), Clbit()], ClassicalRegister(1, "c"))
    with circuit.if_test((circuit.clbits[0], 0)):
        circuit.x(0)
    circuit.measure(0, 2)
    assert most_common(completed("sampler", one(encoded(circuit)))) == "0x1"


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
    assert most_common(completed("sampler", one(qasm3.dumps(isa)), backend="ibm_brisbane")) == "0x1"
    assert most_common(completed("sampler", one(qasm2.dumps(isa)), backend="ibm_brisbane", lenient=True)) == "0x1"


def test_a_wide_circuit_with_control_flow_runs_from_qpy(completed: Any) -> None:
    circuit = QuantumCircuit(133, 3)
    circuit.x(40)
    circuit.measure(40, 0)
    body = QuantumCircuit(133, 3)
    body.x(100)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(41)
    circuit.if_else((circuit.clbits[0], 1), body, None, range(133), range(3))
    circuit.measure([41, 100], [1, 2])
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
    failures = [
        programs.run("sampler", one("this is not qasm"), device=devices.get("ibm_torino"), seed=seed)
        for seed in range(20)
    ]
    assert {one.code for one in failures if isinstance(one, programs.Failure)} == {1506, 1603}
    assert len({one.reason for one in failures if isinstance(one, programs.Failure)}) == 1


def test_duplicate_operands_have_one_code() -> None:
    for seed in range(5):
        failure = programs.run("sampler", one(f"{HEADER} cx $0, $0;"), device=devices.get("ibm_torino"), seed=seed)
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
        ("ibm_torino", "bit[1] c; if (c[0]) { cz $0, $3; }", "cz on qubits (0, 3)"),
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


@pytest.mark.parametrize("kind", ["ndarray", "QuantumCircuit"])
def test_what_unpacks_to_more_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr("qiskit_runtime_rest.emulator.programs.encoding.MOST_BYTES", 1000)
    packed = {"__type__": kind, "__value__": base64.b64encode(zlib.compress(bytes(2000))).decode()}
    pub = [packed] if kind == "QuantumCircuit" else [f"{HEADER} bit[1] c; c[0] = measure $0;", packed]
    failure = programs.run("sampler", {"pubs": [pub]}, device=devices.get("ibm_fez"), seed=1)
    assert isinstance(failure, programs.Failure)
    assert "more than 1000 bytes" in failure.reason
