"""What importing and decoding pulls in, seen from a fresh interpreter."""

import base64
import io
import json
import subprocess
import sys
import zlib

import numpy as np

HEAVY = ("numpy", "qiskit", "qiskit_ibm_runtime", "httpx", "dateutil", "qiskit_runtime_api")


def run(code, *arguments):
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def packed(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode()}


def document():
    bits = {"__type__": "BitArray", "__value__": {"array": packed(np.array([[1], [3], [1]], np.uint8)), "num_bits": 2}}
    pubs = [
        {
            "__type__": "SamplerPubResult",
            "__value__": {"data": {"__type__": "DataBin", "__value__": {"shape": [], "fields": fields}}},
        }
        for fields in ({"c": bits}, {"c": packed(np.array([[1 + 2j]]))})
    ]
    return {
        "__type__": "PrimitiveResult",
        "__value__": {"pub_results": pubs, "metadata": {"x": packed(np.arange(2.0))}},
    }


def test_importing_pulls_in_neither_numpy_nor_qiskit_nor_httpx():
    code = (
        f"import sys, json, qiskit_runtime_rest.results; print(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    )
    assert run(code) == []


def test_decoding_pulls_in_nothing_more():
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


def test_without_numpy_and_qiskit_everything_but_their_conversions_works():
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
