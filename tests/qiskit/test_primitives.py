"""What the classes for Qiskit do that the tests of others do not see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from qiskit import transpile
from qiskit.circuit import ClassicalRegister, Parameter, QuantumCircuit
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp

from qiskit_runtime_rest import InvalidInput, RuntimeClient, SubmissionWarning
from qiskit_runtime_rest.qiskit import EstimatorV2, RuntimeBackend, SamplerV2
from qiskit_runtime_rest.testing import Emulator, connect

from .devices import choice


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeClient]:
    devices = choice(tmp_path_factory.mktemp("devices"))
    with (
        Emulator(devices=devices, seed=1, workers=1, pace="immediate", resilience_level=0) as emulator,
        connect(emulator) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def backend(client: RuntimeClient) -> RuntimeBackend:
    return RuntimeBackend(client, client.backends.get("ideal"))


def flip(*, measured: bool = True) -> QuantumCircuit:
    circuit = QuantumCircuit(2, metadata={"a": 1})
    circuit.h(0)
    circuit.h(0)
    circuit.x(1)
    if measured:
        circuit.measure_all()
    return circuit


def test_the_target_is_that_of_configuration_and_properties(backend: RuntimeBackend) -> None:
    assert backend.num_qubits == backend.target.num_qubits == 16
    assert {"cx", "sx", "x", "rz", "measure"} <= set(backend.target.operation_names)
    assert backend.target["sx"][(0,)].error == 0
    assert backend.configuration().n_qubits == 16
    assert backend.properties().t1(0) == pytest.approx(1e3)


def test_circuits_in_other_gates_are_refused_before_they_are_sent(
    client: RuntimeClient, backend: RuntimeBackend
) -> None:
    before = len(list(client.jobs.list()))
    with pytest.raises(InvalidInput, match=r"pub 0: .* transpile=True"):
        SamplerV2(backend).run([flip()])
    with pytest.raises(InvalidInput, match="pub 0"):
        EstimatorV2(backend).run([(flip(measured=False), "ZZ")])
    assert len(list(client.jobs.list())) == before


def test_circuits_are_transpiled_on_request(backend: RuntimeBackend) -> None:
    job = SamplerV2(backend, transpile=True, tags=["mine"]).run([flip()], shots=50)
    (pub,) = job.result(timeout=60)
    assert pub.data.meas.get_counts() == {"10": 50}
    assert pub.metadata["circuit_metadata"] == {"a": 1}
    assert job.job.refresh()["tags"][0] == "mine"
    angle = Parameter("θ")
    turned = QuantumCircuit(2)
    turned.ry(angle, 0)
    pubs = [(turned, [[SparsePauliOp("IZ")], ["ZI"]], [0.0, 3.14159265])]
    evs = EstimatorV2(backend, transpile=1).run(pubs, precision=0.05).result(timeout=60)[0].data.evs
    assert evs.round(1).tolist() == [[1.0, -1.0], [1.0, 1.0]]


def test_options_reach_the_service(backend: RuntimeBackend) -> None:
    sampler = SamplerV2(backend, options={"default_shots": 7}, transpile=True)
    assert sampler.run([flip()]).result(timeout=60)[0].data.meas.num_shots == 7
    sampler.options["default_shots"] = 8
    assert sampler.run([flip()]).result(timeout=60)[0].data.meas.num_shots == 8


def test_a_job_says_how_it_is(client: RuntimeClient, backend: RuntimeBackend) -> None:
    job = SamplerV2(backend, transpile=True).run([flip()])
    job.result(timeout=60)
    assert job.status() is JobStatus.DONE
    assert (job.done(), job.running(), job.cancelled(), job.in_final_state()) == (True, False, False, True)
    assert job.job_id() == job.job.id == client.jobs.get(job.job_id()).id


def test_a_circuit_without_registers_is_warned_about(backend: RuntimeBackend) -> None:
    with pytest.warns(SubmissionWarning, match="pub 0") as seen:
        SamplerV2(backend, check_gates=False).run([QuantumCircuit(1)])
    assert Path(seen[0].filename) == Path(__file__)


def test_run_gives_counts_by_the_bits_of_the_circuit(backend: RuntimeBackend) -> None:
    circuit = QuantumCircuit(2)
    circuit.x(0)
    bits = ClassicalRegister(2, "all")
    circuit.add_register(bits, ClassicalRegister(bits=[bits[1]], name="one"), ClassicalRegister(1, "more"))
    circuit.measure([0, 0], [1, 2])
    job = backend.run(transpile(circuit, backend), shots=20, memory=True, seed_simulator=3, init_qubits=True)
    result = job.result(timeout=60)
    assert set(result.get_memory()) == set(result.get_counts())
    assert result.data()["counts"] == {"0x6": 20}
    assert job.status() is JobStatus.DONE


def test_run_refuses_what_it_cannot_do(backend: RuntimeBackend) -> None:
    with pytest.raises(InvalidInput, match="'shot'"):
        backend.run(flip(), shot=3)
    with pytest.raises(InvalidInput, match="meas_level=1"):
        backend.run(flip(), meas_level=1)
