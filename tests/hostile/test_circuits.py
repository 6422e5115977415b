"""Jobs made to harm: each ends by itself, in time, and the worker runs the next job as before."""

from __future__ import annotations

import base64
import io
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import BACKEND, BELL
from .conftest import END

SECONDS = 600
"""How long a job may take at most: its processor time is limited to 32 s, but the machine may be shared."""
MOST_MEMORY_BYTES = 4 * 2**30

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\n'
MEASURED = "c[0] = measure $0;\n"
OLD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1];\ncreg c[1];\n'
SECRET = "root:"


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def doubled(times: int) -> str:
    gates = ["gate g0 a { sx a; }"] + [f"gate g{n + 1} a {{ g{n} a; g{n} a; }}" for n in range(times)]
    return HEAD + "\n".join(gates) + f"\ng{times} $0;\n{MEASURED}"


CIRCUITS: Mapping[str, Callable[[], str]] = {
    "a file of the machine": lambda: 'OPENQASM 3.0;\ninclude "/etc/passwd";\nbit c;\n',
    "a file of the machine, in OpenQASM 2": lambda: 'OPENQASM 2.0;\ninclude "/etc/passwd";\nqreg q[1];\n',
    "a device that never ends": lambda: 'OPENQASM 2.0;\ninclude "/dev/zero";\nqreg q[1];\n',
    "standard input": lambda: 'OPENQASM 2.0;\ninclude "/dev/stdin";\nqreg q[1];\n',
    "a file above": lambda: 'OPENQASM 2.0;\ninclude "../../../../../../../../etc/hosts";\nqreg q[1];\n',
    "a million gates": lambda: HEAD + "sx $0;\n" * 1_000_000 + MEASURED,
    "a million gates in OpenQASM 2": lambda: OLD + "x q[0];\n" * 1_000_000 + "measure q -> c;\n",
    "many bits": lambda: f"OPENQASM 3.0;\nbit[{10**9}] c;\nc[0] = measure $0;\n",
    "many bits in OpenQASM 2": lambda: f"OPENQASM 2.0;\nqreg q[{10**9}];\ncreg c[{10**9}];\n",
    "many qubits": lambda: HEAD + f"qubit[{10**9}] q;\nx q[0];\n",
    "more bits than a number can say": lambda: f"OPENQASM 3.0;\nbit[{'9' * 400}] c;\n",
    "many registers": lambda: HEAD + "".join(f"bit[1] b{n};\n" for n in range(20_000)) + MEASURED,
    "gates made of gates": lambda: doubled(50),
    "a gate of itself": lambda: HEAD + f"gate g a {{ g a; }}\ng $0;\n{MEASURED}",
    "gates of each other": lambda: HEAD + f"gate f a {{ g a; }}\ngate g a {{ f a; }}\ng $0;\n{MEASURED}",
    "a loop without end": lambda: HEAD + f"while (c[0] == 0) {{ {MEASURED} }}\n",
    "a loop that never ends": lambda: HEAD + f"while (true) {{ x $0; }}\n{MEASURED}",
    "a long loop": lambda: HEAD + f"for int i in [0:{10**12}] {{ x $0; }}\n{MEASURED}",
    "loops in loops": lambda: HEAD + "for int i in [0:99] { " * 40 + "x $0;" + " }" * 40 + f"\n{MEASURED}",
    "deep blocks": lambda: HEAD + "if (c[0] == 0) { " * 3_000 + "x $0;" + " }" * 3_000 + f"\n{MEASURED}",
    "deep brackets": lambda: HEAD + f"rz({'(' * 20_000}1{')' * 20_000}) $0;\n{MEASURED}",
    "deep signs": lambda: HEAD + f"rz({'-' * 50_000}1) $0;\n{MEASURED}",
    "a power of powers": lambda: HEAD + f"rz(9**9**9**9) $0;\n{MEASURED}",
    "a power of powers in OpenQASM 2": lambda: OLD + "rz(9^9^9^9^9) q[0];\nmeasure q -> c;\n",
    "an angle beyond all numbers": lambda: HEAD + f"rz(1e999) $0;\n{MEASURED}",
    "an angle that is no number": lambda: HEAD + f"rz(0/0) $0;\n{MEASURED}",
    "nan": lambda: HEAD + f"rz(nan) $0;\n{MEASURED}",
    "a sum without end": lambda: HEAD + f"rz({'1+' * 200_000}1) $0;\n{MEASURED}",
    "a long name": lambda: HEAD + f"bit[1] {'a' * 1_000_000};\n{MEASURED}",
    "a long comment": lambda: HEAD + f"/*{'*' * 5_000_000}",
    "long lines": lambda: HEAD + "//" + "x" * 5_000_000 + f"\n{MEASURED}",
    "strings without end": lambda: 'OPENQASM 3.0;\ninclude "' + "x" * 1_000_000,
    "a byte order mark": lambda: "\ufeff" + BELL,
    "a null byte": lambda: BELL.replace("bit[2] c", "bit[2] c\x00"),
    "a lone surrogate": lambda: BELL + "// \ud800\n",
    "text from right to left": lambda: BELL.replace("c[", "\u202ec[").replace("bit[2] c", "bit[2] \u202ec"),
    "letters of other scripts": lambda: BELL.replace(" c;", " \u03b8\u0439\u4e2d;").replace(
        "c[", "\u03b8\u0439\u4e2d["
    ),
    "a calibration": lambda: 'OPENQASM 3.0;\ndefcalgrammar "openpulse";\ncal { while(true) {} }\n',
    "an external function": lambda: HEAD + f"extern system(int) -> int;\nsystem(1);\n{MEASURED}",
    "nothing": lambda: "",
    "a file behind a comment": lambda: 'OPENQASM 2.0;\n// x\rinclude "/etc/passwd";\nqreg q[1];\n',
    "a file in a gate": lambda: OLD + 'gate g a { include "/etc/passwd"; }\n',
    "a file after a known one": lambda: OLD + 'include "qelib1.inc";\ninclude "qelib1.inc/../../etc/passwd";\n',
    "a file in capitals": lambda: 'OPENQASM 2.0;\nINCLUDE "/etc/passwd";\nqreg q[1];\n',
    "a file by its address": lambda: 'OPENQASM 3.0;\ninclude "file:///etc/passwd";\nbit[1] c;\n',
    "a file with a null byte": lambda: 'OPENQASM 3.0;\ninclude "stdgates.inc\x00/etc/passwd";\nbit[1] c;\n',
    "a file in a version between": lambda: 'OPENQASM 2.5;\ninclude "/etc/passwd";\nqreg q[1];\n',
    "a file without a version": lambda: 'include "/etc/passwd";\nqreg q[1];\n',
    "a file in a second program": lambda: BELL + 'OPENQASM 2.0;\ninclude "/etc/passwd";\n',
    "a version beyond all numbers": lambda: f"OPENQASM {'9' * 5000}.0;\n",
    "line ends of other systems": lambda: BELL.replace("\n", "\r"),
    "names that Python knows": lambda: HEAD + "float __import__ = 1.0;\nfloat None = __import__;\n" + MEASURED,
    "arrays of arrays": lambda: HEAD + "array[int[32], 9999, 9999, 9999] a;\n" + MEASURED,
    "shifts without end": lambda: HEAD + f"int[64] a = 1 << {10**9};\nrz(1 << {10**9}) $0;\n" + MEASURED,
    "a delay without end": lambda: HEAD + f"delay[{'9' * 300}dt] $0;\n" + MEASURED,
    "a box in boxes": lambda: HEAD + "box { " * 2_000 + "x $0;" + " }" * 2_000 + f"\n{MEASURED}",
    "powers of gates": lambda: HEAD + f"pow({10**12}) @ inv @ pow(0.5) @ x $0;\n" + MEASURED,
    "controls of controls": lambda: HEAD + "ctrl @ " * 3_000 + "x $0;\n" + MEASURED,
}

LONG = {
    "a million gates",
    "a million gates in OpenQASM 2",
    "gates made of gates",
    "loops in loops",
    "long lines",
    "many pubs",
}
"""These take all of their processor time, so a time box leaves them out."""

QPY = base64.b64encode(zlib.compress(b"QISKIT" + bytes(range(256)))).decode()
BOMB = base64.b64encode(zlib.compress(b"QISKIT" + bytes(200 * 2**20))).decode()

ARRAY = io.BytesIO()
np.save(ARRAY, np.array([os.abort], dtype=object), allow_pickle=True)
PICKLES = base64.b64encode(zlib.compress(ARRAY.getvalue())).decode()

PARAMS: Mapping[str, Callable[[], Any]] = {
    "nested 900 deep": lambda: {"pubs": json.loads(nested(900))},
    "nested 900 deep in a pub": lambda: {"pubs": [[BELL, json.loads(nested(900)), 1]]},
    "options that are nested": lambda: {"pubs": [[BELL]], "options": {"experimental": json.loads(nested(900))}},
    "more shots than a number can say": lambda: {"pubs": [[BELL, None, 10**300]]},
    "many shots": lambda: {"pubs": [[BELL, None, 10**9]]},
    "negative shots": lambda: {"pubs": [[BELL, None, -1]]},
    "many pubs": lambda: {"pubs": [[BELL, None, 1]] * 500},
    "many values": lambda: {"pubs": [[BELL, {"a": [0.1] * 1_000_000}, 1]]},
    "many names": lambda: {"pubs": [[BELL, {f"a{n}": 0.1 for n in range(100_000)}, 1]]},
    "names of attributes": lambda: {"pubs": [[BELL, {"__class__": 1, "__init__": {"__globals__": 1}}, 1]]},
    "a circuit that is no QPY": lambda: {"pubs": [[{"__type__": "QuantumCircuit", "__value__": QPY}]]},
    "a circuit that unpacks to much": lambda: {"pubs": [[{"__type__": "QuantumCircuit", "__value__": BOMB}]]},
    "an unknown type": lambda: {"pubs": [[{"__type__": "to_json", "__value__": BELL}]]},
    "settings": lambda: {
        "pubs": [[{"__type__": "settings", "__module__": "os", "__class__": "system", "__value__": {}}]]
    },
    "an array of pickles": lambda: {"pubs": [[BELL, {"__type__": "ndarray", "__value__": PICKLES}, 1]]},
    "pubs that are a text": lambda: {"pubs": BELL},
    "pubs that are an object": lambda: {"pubs": {"0": [BELL]}},
    "pubs that are numbers": lambda: {"pubs": [1, None, True, 1.5, "", [], {}]},
    "shots that are half": lambda: {"pubs": [[BELL, None, 1.5]], "shots": True},
    "values of many kinds": lambda: {"pubs": [[BELL, {"a": [1, "x", None, [2, [3]], {"b": 1}, 10**400]}, 1]]},
    "values that Python would run": lambda: {"pubs": [[BELL, {"a": "__import__('os').abort()"}, 1]]},
    "an array": lambda: {"pubs": [[BELL, {"__type__": "ndarray", "__value__": BOMB}, 1]]},
}


@pytest.fixture(scope="session")
def service() -> Iterator[Emulator]:
    with Emulator(workers=1, seed=20260415, resilience_level=0, simulation_seconds=2, lenient=True) as emulator:
        yield emulator


def ended(api: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job when it has ended. The service answers all the time, and does not grow."""
    deadline = time.monotonic() + SECONDS
    while (job := api.get(f"/jobs/{job_id}").json())["status"] in ("Queued", "Running"):
        assert time.monotonic() < deadline, "the job does not end"
        assert memory() < MOST_MEMORY_BYTES
        time.sleep(0.05)
    return job  # type: ignore[no-any-return]


def memory() -> int:
    """Of the largest worker."""
    sizes = [0]
    for process in psutil.Process().children(recursive=True):
        try:
            sizes.append(process.memory_info().rss)
        except psutil.NoSuchProcess:
            continue
    return max(sizes)


def check_next(api: httpx.Client) -> None:
    params = {"pubs": [[BELL, None, 10]], "version": 2, "options": {}}
    answer = api.post("/jobs", json={"program_id": "sampler", "backend": BACKEND, "params": params})
    job = ended(api, answer.raise_for_status().json()["id"])
    assert job["status"] == "Completed", job["state"]


def check_time_box(kind: str) -> None:
    if kind in LONG and END is not None:
        pytest.skip("it takes long; `make hostile` runs it")


def attack(api: httpx.Client, program: str, params: Any) -> None:
    body = {"program_id": program, "backend": BACKEND, "params": {"version": 2, "options": {}} | params}
    answer = api.post("/jobs", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400, 413), answer.text[:500]
    if answer.is_success:
        job = ended(api, answer.json()["id"])
        logs = api.get(f"/jobs/{job['id']}/logs").text
        assert SECRET not in logs + json.dumps(job["state"])
    check_next(api)


@pytest.mark.parametrize("kind", CIRCUITS)
def test_a_hostile_circuit_ends_and_the_next_job_runs(api: httpx.Client, kind: str) -> None:
    check_time_box(kind)
    attack(api, "sampler", {"pubs": [[CIRCUITS[kind](), None, 1]]})


@pytest.mark.parametrize("kind", PARAMS)
@pytest.mark.parametrize("program", ["sampler", "estimator", "executor", "noise-learner"])
def test_hostile_params_end_and_the_next_job_runs(api: httpx.Client, kind: str, program: str) -> None:
    check_time_box(kind)
    params = PARAMS[kind]()
    if program == "estimator":
        params = {
            "pubs": [[pub[0], "Z" * 156, *pub[1:]] if isinstance(pub, list) and pub else pub for pub in params["pubs"]]
        }
    if program == "executor":
        params |= {"schema_version": "v0.1"}
    attack(api, program, params)
