"""Optional packages: results are the same without them, and decoding imports none of the heavy ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .documents import packed, wrapped_pubs

HERE = Path(__file__).parent
ARGUMENTS = ("-q", "-p", "no:cacheprovider", str(HERE / "test_packed_arrays.py"))
HEAVY = ("numpy", "qiskit", "qiskit_ibm_runtime", "httpx", "dateutil", "qiskit_runtime_api")


def run(code: str, *arguments: str) -> Any:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def document() -> dict[str, Any]:
    bits = {"__type__": "BitArray", "__value__": {"array": packed(np.array([[1], [3], [1]], np.uint8)), "num_bits": 2}}
    level_1 = packed(np.array([[1 + 2j]]))
    return wrapped_pubs({"c": bits}, {"c": level_1}, metadata={"x": packed(np.arange(2.0))})


def test_the_import_loads_neither_numpy_nor_qiskit_nor_httpx() -> None:
    code = (
        f"import sys, json, qiskit_runtime_rest.results; print(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    )
    assert run(code) == []


def test_decoding_loads_nothing_more() -> None:
    code = f"""
import sys, json
from qiskit_runtime_rest.results import decode
result = decode(sys.argv[1].encode())
found = [result[0].counts(), result[0].bitstrings(), result.metadata["x"].tolist()]
print(json.dumps([found, [n for n in {HEAVY!r} if n in sys.modules]]))
"""
    found, loaded = run(code, json.dumps(document()))
    assert found == [{"01": 2, "11": 1}, ["01", "11", "01"], [0.0, 1.0]]
    assert loaded == []


def test_without_numpy_and_qiskit_only_their_conversions_fail() -> None:
    code = """
import sys, json
sys.modules["numpy"] = sys.modules["qiskit"] = sys.modules["qiskit_ibm_runtime"] = None
from qiskit_runtime_rest.errors import MissingExtra
from qiskit_runtime_rest.results import decode
result = decode(sys.argv[1].encode())
asks = []
for convert in (result[1].to_numpy, result[0].data["c"].to_flags, result[0].to_qiskit, result.to_qiskit):
    try:
        convert()
    except MissingExtra as error:
        asks.append([error.extra, str(error)])
print(json.dumps([result.to_dict(), result[0].counts(), repr(result[1]), asks]))
"""
    plain, counts, text, asks = run(code, json.dumps(document()))
    assert plain["results"][0]["data"]["c"] == {"samples": ["0x1", "0x3", "0x1"], "num_bits": 2}
    assert plain["results"][1]["data"]["c"] == [[[1.0, 2.0]]]
    assert counts == {"01": 2, "11": 1}
    assert text == "SamplerPub(c: Array(<shape=(1, 1)>, dtype='complex128'))"
    assert [extra for extra, _ in asks] == ["numpy", "numpy", "qiskit", "qiskit"]
    assert all("pip install" in message for _, message in asks)


def test_the_packages_of_the_extra_fast_are_used() -> None:
    code = "import sys, qiskit_runtime_rest.results; print({'isal', 'pybase64'} <= sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_the_tests_of_packed_arrays_pass_without_the_extra_fast() -> None:
    code = f"""
import sys
sys.modules["isal"] = None
import pytest
failed = pytest.main({list(ARGUMENTS)})
import zlib
from qiskit_runtime_rest.results.optional import decompressor
sys.exit(failed or decompressor is not zlib.decompressobj)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE.parents[1], check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
