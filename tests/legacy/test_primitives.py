"""V1 jobs become V2 jobs, and results become those of V1, with the same meaning."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import numpy as np
import pytest
import qiskit.result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import CouplingMap, Target
from qiskit_ibm_runtime import RuntimeEncoder

from qiskit_runtime_rest import RuntimeClient, results
from qiskit_runtime_rest.legacy.messages import ClassicError
from qiskit_runtime_rest.legacy.primitives.circuits import prepare
from qiskit_runtime_rest.legacy.primitives.options import OPTIONS, choose
from qiskit_runtime_rest.legacy.primitives.params import PROGRAMS, Run, read
from qiskit_runtime_rest.legacy.primitives.results import RUNNER_WITH_MEMORY, V1_SAMPLER, RanJob, in_form
from qiskit_runtime_rest.legacy.primitives.transpiling import Work, transpiled
from qiskit_runtime_rest.results import decode
from qiskit_runtime_rest.testing import Emulator

from .conftest import Gateway

QUBITS = 3
LINE = Target.from_configuration(
    basis_gates=["cz", "rz", "sx", "x", "id", "measure", "reset", "delay"],
    num_qubits=5,
    coupling_map=CouplingMap.from_line(5),
)
ANGLES = st.floats(-math.pi, math.pi, allow_nan=False)
ONE_QUBIT = st.sampled_from(["h", "x", "sx", "t", "sdg"])
TWO_QUBITS = st.sampled_from(["cx", "cz", "swap"])


@dataclass(frozen=True)
class Drawn:
    """A circuit without measurements, with as many parameters as `values`."""

    circuit: QuantumCircuit
    values: list[float]

    @property
    def bound(self) -> QuantumCircuit:
        return self.circuit.assign_parameters(self.values)

    def text(self, *, measured: bool, oldest: bool = False) -> str:
        """OpenQASM, 3 or (values filled in) 2."""
        circuit = (self.bound if oldest else self.circuit).copy()
        if measured:
            circuit.measure_all()
        return str(qasm2.dumps(circuit) if oldest else qasm3.dumps(circuit))


@st.composite
def circuits(draw: st.DrawFn, parameters: int = 0) -> Drawn:
    from qiskit.circuit import Parameter

    circuit = QuantumCircuit(QUBITS)
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            getattr(circuit, draw(ONE_QUBIT))(draw(st.integers(0, QUBITS - 1)))
        else:
            first, second = draw(st.permutations(range(QUBITS)))[:2]
            getattr(circuit, draw(TWO_QUBITS))(first, second)
        circuit.rz(draw(ANGLES), draw(st.integers(0, QUBITS - 1)))
    for index in range(parameters):
        circuit.rx(Parameter(f"p{index}"), index % QUBITS)
    return Drawn(circuit, [draw(ANGLES) for _ in range(parameters)])


def probabilities(circuit: QuantumCircuit) -> dict[int, float]:
    """The exact probability of each outcome of the measured bits."""
    measured = {}
    for instruction in circuit.data:
        if instruction.operation.name == "measure":
            measured[circuit.find_bit(instruction.clbits[0]).index] = circuit.find_bit(instruction.qubits[0]).index
    bare = circuit.remove_final_measurements(inplace=False)
    state = Statevector.from_instruction(bare)
    found: Counter[int] = Counter()
    for outcome, probability in enumerate(state.probabilities()):
        found[sum((outcome >> qubit & 1) << bit for bit, qubit in measured.items())] += probability
    return {outcome: value for outcome, value in found.items() if value > 1e-9}


class TestCircuits:
    @given(drawn=circuits(parameters=2), oldest=st.booleans(), level=st.integers(0, 3))
    @settings(max_examples=40)
    def test_a_circuit_in_other_gates_keeps_its_outcomes(self, drawn: Drawn, oldest: bool, level: int) -> None:
        expected = drawn.bound.copy()
        expected.measure_all()
        made = prepare(
            drawn.text(measured=True, oldest=oldest),
            values=[] if oldest else drawn.values,
            observable=None,
            target=LINE,
            transpile={"optimization_level": level, "seed_transpiler": 1},
        )
        sent = qasm3.loads(made.text)
        assert {instruction.operation.name for instruction in sent.data} <= {*LINE.operation_names, "barrier"}
        assert probabilities(sent) == pytest.approx(probabilities(expected), abs=1e-6)

    @given(drawn=circuits(parameters=1), labels=st.lists(st.text("IXYZ", min_size=3, max_size=3), min_size=1))
    @settings(max_examples=40)
    def test_an_observable_follows_its_qubits(self, drawn: Drawn, labels: list[str]) -> None:
        observable = {label: complex(index + 1) for index, label in enumerate(labels)}
        made = prepare(
            drawn.text(measured=False),
            values=drawn.values,
            observable=observable,
            target=LINE,
            transpile={"initial_layout": [4, 0, 2], "seed_transpiler": 1},
        )
        before = Statevector(drawn.bound).expectation_value(SparsePauliOp.from_list(list(observable.items())))
        assert made.observable is not None
        after = Statevector(qasm3.loads(made.text)).expectation_value(
            SparsePauliOp.from_list(list(made.observable.items()))
        )
        assert after.real == pytest.approx(before.real, abs=1e-6)

    def test_a_circuit_in_the_backends_gates_stays_unchanged(self) -> None:
        text = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; // mine\nx $3; c[0] = measure $3;'
        assert prepare(text, values=(), observable=None, target=LINE, transpile={}).text == text

    @pytest.mark.parametrize(
        ("text", "values", "part"),
        [
            ('OPENQASM 2.0; include "qelib1.inc"; qreg q[9]; h q[8];', (), "does not fit the backend"),
            ("OPENQASM 2.0; nonsense", (), "cannot be read"),
            ('OPENQASM 2.0; include "/etc/passwd"; qreg q[1];', (), "include search path"),
            ('OPENQASM 2.0; include "pyproject.toml"; qreg q[1];', (), "include search path"),
            ('OPENQASM 3.0; include "pyproject.toml"; qubit[1] q; h q[0];', (), "non-stdgates imports"),
            ("OPENQASM 2.0; qreg q[1]; U(0,0,0) q[0];", (), "measures nothing"),
            ("OPENQASM 2.0; qreg q[1]; creg c[1]; measure q -> c;", (1.0,), "0 parameters, got 1 values"),
        ],
    )
    def test_a_circuit_that_cannot_run_is_refused(self, text: str, values: tuple[float, ...], part: str) -> None:
        with pytest.raises(ClassicError, match=part) as refused:
            prepare(text, values=values, observable=None, target=LINE, transpile={})
        assert refused.value.status == 400


class TestOptions:
    @given(program=st.sampled_from(sorted(PROGRAMS)), names=st.lists(st.sampled_from(sorted(OPTIONS)), unique=True))
    def test_every_option_goes_somewhere_or_is_noted(self, program: str, names: list[str]) -> None:
        params: dict[str, Any] = {}
        for name in names:
            where = params
            *groups, last = name.split(".")
            for group in groups:
                where = where.setdefault(group, {}) if isinstance(where, dict) else {}
            if isinstance(where, dict):
                where.setdefault(last, "linear" if last == "extrapolator" else 1)
        noted: dict[str, str] = {}
        choose(params, program=PROGRAMS[program].now, note=noted.__setitem__)
        given_names = {name for name in names if _is_in(params, name)}
        assert {f"params.{name}" for name in given_names} <= set(noted)

    def test_an_unknown_option_is_noted_and_an_invalid_value_refused(self) -> None:
        noted: dict[str, str] = {}
        choose({"run_options": {"magic": 1}}, program="sampler", note=noted.__setitem__)
        assert "ignored" in noted["params.run_options.magic"]
        with pytest.raises(ClassicError, match=r"params\.run_options\.shots"):
            choose({"run_options": {"shots": "many"}}, program="sampler", note=noted.__setitem__)

    def test_known_options_get_their_place_in_v1(self) -> None:
        chosen = choose(
            {
                "run_options": {"shots": 10, "seed_simulator": 7, "init_qubits": False},
                "transpilation_settings": {"optimization_settings": {"level": 9}, "initial_layout": [1, 0]},
                "resilience_settings": {"level": 3, "extrapolator": "QuadraticExtrapolator"},
            },
            program="estimator",
            note=lambda name, what: None,
        )
        assert chosen.params == {
            "shots": 10,
            "options": {
                "simulator": {"seed_simulator": 7},
                "execution": {"init_qubits": False},
                "resilience": {"zne": {"extrapolator": "polynomial_degree_2"}},
            },
            "resilience_level": 2,
        }
        assert chosen.transpile == {"optimization_level": 3, "initial_layout": [1, 0]}


def _is_in(params: dict[str, Any], name: str) -> bool:
    where: Any = params
    for part in name.split("."):
        if not isinstance(where, dict) or part not in where:
            return False
        where = where[part]
    return not isinstance(where, dict)


class TestParams:
    @pytest.mark.parametrize(
        "observables",
        ["ZZ", ["ZZ"], [[["ZZ", 1.0]]], [["ZZ", 1.0]], [{"ZZ": 1}], {"ZZ": 1.0}, [["ZZ", [1.0, 0.0]]]],
        ids=str,
    )
    def test_observables_come_in_several_forms(self, observables: Any) -> None:
        asked = read("estimator", {"circuits": "c", "observables": observables}, note=lambda name, what: None)
        assert [run.observable for run in asked.runs] == [{"ZZ": 1 + 0j}]

    @pytest.mark.parametrize("observables", ["ZQ", [["ZZ", "x"]], [["ZZ", [0, 1]]], [5], {"__type__": "settings"}])
    def test_an_invalid_observable_is_refused(self, observables: Any) -> None:
        with pytest.raises(ClassicError, match="observables"):
            read("estimator", {"circuits": "c", "observables": observables}, note=lambda name, what: None)

    def test_operators_and_arrays_in_the_encoding_of_the_sdk_are_read(self) -> None:
        operator = SparsePauliOp.from_list([("ZZ", 1.0), ("XI", 0.5)])
        params: dict[str, Any] = {"circuits": "c", "observables": [operator, "ZZ"], "circuit_indices": [0, 0]}
        params["parameter_values"] = np.array([[1.0, 2.0], [3.0, 4.0]])
        asked = read("estimator", json.loads(json.dumps(params, cls=RuntimeEncoder)), note=lambda name, what: None)
        assert [run.observable for run in asked.runs] == [{"ZZ": 1.0, "XI": 0.5}, {"ZZ": 1.0}]
        assert [run.values for run in asked.runs] == [(1.0, 2.0), (3.0, 4.0)]

    @pytest.mark.parametrize(
        ("params", "part"),
        [
            ({}, "circuits"),
            ({"circuits": ["a"], "circuit_indices": [1]}, "from 0 to 0"),
            ({"circuits": ["a"], "circuit_indices": [True]}, "circuit_indices"),
            ({"circuits": ["a"], "parameter_values": [[1.0], [2.0]]}, "must be equal"),
            ({"circuits": ["a"], "parameter_values": "x"}, "parameter_values"),
            ({"circuits": ["a"], "run_options": {"shots": -1}}, "must be 1 or more"),
            ({"circuits": ["a"], "run_options": {"shots": 1.5}}, "must be a whole number"),
        ],
    )
    def test_params_that_are_not_valid_are_refused(self, params: dict[str, Any], part: str) -> None:
        with pytest.raises(ClassicError, match=part) as refused:
            read("sampler", params, note=lambda name, what: None)
        assert refused.value.status == 400

    @pytest.mark.parametrize("damaged", ["", "AAAA", "eJyb"])
    def test_a_damaged_encoding_is_refused(self, damaged: Any) -> None:
        params = {"circuits": "c", "parameter_values": {"__type__": "ndarray", "__value__": damaged}}
        with pytest.raises(ClassicError, match="parameter_values"):
            read("sampler", params, note=lambda name, what: None)


DOUBLED = "".join(f"gate g{i} a {{ g{i - 1} a; g{i - 1} a; }}" for i in range(1, 60))
ENDLESS = Work(
    runs=[Run(circuit=f'OPENQASM 2.0; include "qelib1.inc"; gate g0 a {{ h a; }} {DOUBLED} qreg q[1]; g59 q[0];')],
    configuration={"basis_gates": ["rz", "sx", "x", "cz"], "n_qubits": 5, "coupling_map": None},
    transpile={},
)
SHORT = Work(runs=[Run(circuit="OPENQASM 2.0; qreg q[1]; creg c[1]; U(0,0,0) q[0];")], configuration=None, transpile={})


class TestTranspiling:
    """The separate process."""

    @pytest.mark.anyio
    async def test_circuits_that_take_too_long_are_refused(self) -> None:
        await transpiled(SHORT)  # starts the process
        with pytest.raises(ClassicError, match="too long") as refused:
            await transpiled(ENDLESS, longest=0.2)
        assert refused.value.status == 400
        (made,) = await transpiled(SHORT)
        assert made.text.startswith("OPENQASM 3")

    @pytest.mark.anyio
    async def test_cancelled_work_does_not_delay_the_next(self) -> None:
        await transpiled(SHORT)  # starts the process
        with anyio.move_on_after(0.2) as waiting:
            await transpiled(ENDLESS, longest=10_000)
        assert waiting.cancelled_caught
        with anyio.fail_after(300):
            (made,) = await transpiled(SHORT)
        assert made.text.startswith("OPENQASM 3")

    @pytest.mark.anyio
    async def test_an_error_of_a_circuit_keeps_its_details(self) -> None:
        work = Work(runs=[Run(circuit="OPENQASM 2.0; nonsense")], configuration=None, transpile={})
        with pytest.raises(ClassicError, match="cannot be read") as refused:
            await transpiled(work)
        (error,) = refused.value.response.json()["errors"]
        assert (refused.value.response.status, error["code"]) == (400, 1204)
        assert error["solution"]


@pytest.fixture(scope="module")
def ideal(shared_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    shared_emulator.reset()
    gateway = Gateway(shared_emulator, tmp_path_factory.mktemp("gateway"))
    gateway.login(shared_emulator.api_key)
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
def client(shared_emulator: Emulator) -> Iterator[RuntimeClient]:
    with RuntimeClient(
        api_key=shared_emulator.api_key,
        instance=shared_emulator.instance,
        base_url=shared_emulator.base_url,
        iam_url=shared_emulator.iam_url,
    ) as opened:
        yield opened


class TestThereAndBack:
    @given(
        drawn=st.lists(circuits(parameters=1), min_size=1, max_size=3),
        shots=st.integers(1, 200),
        indices=st.lists(st.integers(0, 2), min_size=1, max_size=4),
        level=st.integers(0, 3),
    )
    @settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    def test_the_v1_result_of_the_sampler_equals_its_v2_result(
        self, ideal: Gateway, client: RuntimeClient, drawn: list[Drawn], shots: int, indices: list[int], level: int
    ) -> None:
        chosen = [index % len(drawn) for index in indices]
        params = {
            "circuits": [one.text(measured=True) for one in drawn],
            "circuit_indices": chosen,
            "parameter_values": [drawn[index].values for index in chosen],
            "run_options": {"shots": shots},
            "transpilation_settings": {"optimization_settings": {"level": level}},
        }
        body = {"program_id": "sampler", "backend": "ibm_fez", "params": params}
        response = ideal.http.post("/jobs", json=body)
        assert response.status_code == 200, response.text
        v1 = ideal.results(response.json()["id"]).json()
        v2 = client.jobs.get(response.json()["id"]).result(timeout=60)
        assert v1["metadata"] == [{"shots": shots}] * len(chosen)
        expected = [{bits: number / shots for bits, number in pub.counts().items()} for pub in v2]
        assert v1["quasi_dists"] == expected
        again: Any = decode(ideal.http.get(f"/jobs/{response.json()['id']}/results").content)
        assert [one.probabilities() for one in again] == expected

    @given(drawn=circuits(parameters=2), labels=st.lists(st.text("IXYZ", min_size=3, max_size=3), min_size=1))
    @settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    def test_the_v1_result_of_the_estimator_equals_its_v2_result(
        self, ideal: Gateway, client: RuntimeClient, drawn: Drawn, labels: list[str]
    ) -> None:
        params = {
            "circuits": [drawn.text(measured=False)],
            "observables": [dict.fromkeys(labels, 0.5)],
            "parameter_values": [drawn.values],
            "run_options": {"shots": 500},
        }
        body = {"program_id": "estimator", "backend": "ibm_fez", "params": params}
        response = ideal.http.post("/jobs", json=body)
        assert response.status_code == 200, response.text
        v1 = ideal.results(response.json()["id"]).json()
        (pub,) = client.jobs.get(response.json()["id"]).result(timeout=60)
        assert v1["values"] == [pytest.approx(pub.evs)]
        (about,) = v1["metadata"]
        assert math.sqrt(about["variance"] / about["shots"]) == pytest.approx(pub.stds)


@st.composite
def sampler_documents(draw: st.DrawFn) -> dict[str, Any]:
    """V2 results of one pub with up to three registers."""
    shots = draw(st.integers(1, 20))
    data = {}
    for name in ("a", "b", "c")[: draw(st.integers(1, 3))]:
        num_bits = draw(st.integers(1, 70))
        outcomes = draw(st.lists(st.integers(0, 2**num_bits - 1), min_size=shots, max_size=shots))
        data[name] = {"samples": [hex(outcome) for outcome in outcomes], "num_bits": num_bits}
    return {"results": [{"data": data, "metadata": {}}], "metadata": {}}


class TestReadersOfV1:
    """Results in the V1 form, read by IBM's class of that time and by this package."""

    @given(document=sampler_documents())
    def test_quasi_distributions_are_read_as_the_counts_of_v2(self, document: dict[str, Any]) -> None:
        raw = json.dumps(document).encode()
        (pub,) = decode(raw)
        counts = pub.counts()
        written = json.loads(json.dumps(in_form(V1_SAMPLER, raw, job=RanJob(job_id="j"))))
        (about,), (distribution,) = written["metadata"], written["quasi_dists"]
        old = qiskit.result.QuasiDistribution(
            distribution, shots=about["shots"]
        )  # as SamplerResultDecoder of the old SDK did
        width = pub.bits().num_bits
        assert {
            bits: round(value * about["shots"]) for bits, value in old.binary_probabilities(num_bits=width).items()
        } == counts
        assert set(old.binary_probabilities()) == set(counts)
        (again,) = decode(json.dumps(written).encode(), program_id="sampler")
        assert isinstance(again, results.QuasiDistribution)
        assert {bits: round(value * about["shots"]) for bits, value in again.probabilities().items()} == counts

    @given(document=sampler_documents())
    @settings(max_examples=30)
    def test_results_of_the_runners_are_read_as_the_counts_of_v2(self, document: dict[str, Any]) -> None:
        raw = json.dumps(document).encode()
        job = RanJob(job_id="j", backend_name="ibm_fez", backend_version="1.0.1", num_qubits=133)
        read_back = qiskit.result.Result.from_dict(json.loads(json.dumps(in_form(RUNNER_WITH_MEMORY, raw, job=job))))
        (pub,) = decode(raw)
        registers = reversed(document["results"][0]["data"])
        shots = zip(*(pub.bits(name).bitstrings() for name in registers), strict=True)
        expected = [" ".join(shot) for shot in shots]
        assert read_back.get_counts() == Counter(expected)
        assert read_back.get_memory(0) == expected
        assert read_back.get_counts("circuit-0") == read_back.get_counts()


def test_every_v1_program_is_listed(open_gateway: Callable[..., Gateway]) -> None:
    listed = {program["id"] for program in open_gateway().http.get("/programs").json()["programs"]}
    assert set(PROGRAMS) < listed
