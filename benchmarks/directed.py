"""An estimator by the executor: bytes and CPU of this client and of IBM's estimator for the client.

A sweep of 100 points with 10 observables and 32 randomizations of 32 shots, readout mitigated. Nothing is sent: each
makes its request, and reads a result with random outcomes.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from math import pi
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from qiskit_runtime_rest.config.job_options import Twirling

QUBITS, POINTS, RANDOMIZATIONS, SHOTS = 4, 100, 32, 32
OBSERVABLES = ["ZIII", "IZZY", "IIXX", "YXXI", "YYII", "XXZY", "XXYY", "IYZZ", "ZXXY", "YYZX"]
VALUES = [[3 * point / POINTS] for point in range(POINTS)]
TWIRLING: Twirling = {"num_randomizations": RANDOMIZATIONS, "shots_per_randomization": SHOTS}
LAYER = "".join(f"rz(pi/2) q[{qubit}]; sx q[{qubit}]; rz(angle) q[{qubit}];\n" for qubit in range(QUBITS))
PAIRS = "".join(f"cz q[{qubit}], q[{qubit + 1}];\n" for qubit in range(QUBITS - 1))
TEXT = f'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float angle;\nqubit[{QUBITS}] q;\n{LAYER}{PAIRS}{LAYER}'
ROUNDS = 5


def our_request() -> bytes:
    """The body of a submission by this client."""
    from qiskit_runtime_rest import JobRequest

    pub = (TEXT, [[label] for label in OBSERVABLES], VALUES)
    request = JobRequest.estimator([pub], backend="ibm_fez", options={"twirling": TWIRLING}, via="executor")
    return request.to_json()


def our_reading(raw: bytes) -> Any:
    """Expectation values and errors, read by this client."""
    from qiskit_runtime_rest.results import decode

    return decode(raw, program_id="executor")[0].evs


def ibm_request() -> bytes:
    """The params of IBM's estimator, without the circuit's transpilation."""
    import numpy as np
    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter
    from qiskit_ibm_runtime.executor_estimator.prepare import prepare
    from qiskit_ibm_runtime.options_models.estimator import EstimatorOptions
    from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

    circuit, angle = QuantumCircuit(QUBITS), Parameter("angle")
    for layer in range(2):
        for qubit in range(QUBITS):
            circuit.rz(pi / 2, qubit)
            circuit.sx(qubit)
            circuit.rz(angle, qubit)
        for qubit in range(QUBITS - 1 if layer == 0 else 0):
            circuit.cz(qubit, qubit + 1)
    options = EstimatorOptions()
    options.resilience_level = 1
    options.twirling.num_randomizations = RANDOMIZATIONS
    options.twirling.shots_per_randomization = SHOTS
    program, of_executor = prepare([(circuit, [[label] for label in OBSERVABLES], np.array(VALUES))], options)
    program._semantic_role = "estimator_v2"
    model = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].encoder(program, of_executor)
    return str(model.model_dump_json()).encode()


def ibm_reading(raw: bytes) -> Any:
    """Expectation values and errors, read by IBM's decoders."""
    from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS

    decoded: Any = raw.decode()
    for decoder in DEFAULT_DECODERS["executor"]:
        if decoder.is_applicable(decoded):
            decoded = decoder.decode(decoded)
    return decoded[0].data.evs


def result_of(body: bytes) -> bytes:
    """A result of a request, with outcomes by chance."""
    from qiskit_runtime_rest.directed.tensors import write_tensor
    from qiskit_runtime_rest.results import Array

    chance = random.Random(5)

    def outcomes(shape: tuple[int, ...], ones: float) -> Any:
        size = 1
        for axis in shape:
            size *= axis
        flags = bytes(chance.random() < ones for _ in range(size))
        return write_tensor(Array(flags, dtype="bool", shape=shape))

    params = json.loads(body)
    program = params.get("params", params)["quantum_program"]
    data = []
    for item in program["items"]:
        if item["item_type"] == "circuit":
            results = {"observed": outcomes((*item["shape"], SHOTS, QUBITS), 0.1)}
        else:
            flips = outcomes((*item["shape"], 1, QUBITS), 0.5)
            results = {"_meas": outcomes((*item["shape"], SHOTS, QUBITS), 0.1), "measurement_flips._meas": flips}
        data.append({"results": results, "metadata": {}})
    role = program.get("semantic_role")
    shared = {"passthrough_data": program["passthrough_data"], **({"semantic_role": role} if role else {})}
    document = {"schema_version": "v2.0", "data": data, "metadata": {"chunk_timing": []}, **shared}
    return json.dumps(document).encode()


CONTESTANTS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], Any]]] = {
    "ours": (our_request, our_reading),
    "ibm": (ibm_request, ibm_reading),
}


def in_this_process(name: str, raw: bytes) -> float:
    """CPU seconds for a request and its result, after a first round."""
    request, reading = CONTESTANTS[name]
    began = time.process_time()
    request()
    reading(raw)
    return time.process_time() - began


def in_a_new_process(name: str, path: Path) -> float:
    """CPU seconds of a script that makes a request and reads a result, from start to end."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    began = used()
    subprocess.run([sys.executable, "-m", "benchmarks.directed", name, str(path)], check=True)
    return used() - began


def rows() -> Table:
    """Measure."""
    from rich.table import Table  # not part of what the scripts import

    shown = Table("", "ours", "IBM's", "ours / IBM's", "aim", box=None, header_style="bold")
    bodies = {name: request() for name, (request, _) in CONTESTANTS.items()}
    results = {name: result_of(body) for name, body in bodies.items()}
    with tempfile.TemporaryDirectory() as folder:
        warm: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
        whole: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
        for name, raw in results.items():
            Path(folder, name).write_bytes(raw)
            in_this_process(name, raw)
        for _ in range(ROUNDS):
            for name, raw in results.items():
                warm[name].append(in_this_process(name, raw))
                whole[name].append(in_a_new_process(name, Path(folder, name)))
    measured = {
        "request, kB": ({name: len(body) / 1e3 for name, body in bodies.items()}, "<= 0.2"),
        "result, kB": ({name: len(raw) / 1e3 for name, raw in results.items()}, ""),
        "CPU of a script from start to end, ms": ({name: min(each) * 1e3 for name, each in whole.items()}, "<= 0.2"),
        "CPU in a warm process, ms": ({name: min(each) * 1e3 for name, each in warm.items()}, "<= 0.2"),
    }
    for what, (figures, aim) in measured.items():
        ratio = figures["ours"] / figures["ibm"]
        shown.add_row(what, f"{figures['ours']:.1f}", f"{figures['ibm']:.1f}", f"{ratio:.2f}", aim)
    return shown


def main(name: str, path: str) -> None:
    """Make a request, and read the result in a file."""
    request, reading = CONTESTANTS[name]
    request()
    reading(Path(path).read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
