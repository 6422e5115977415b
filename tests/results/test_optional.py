"""Packed data is read alike with and without the libraries of the extra `fast`."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ARGUMENTS = ("-q", "-p", "no:cacheprovider", str(HERE / "test_packed_arrays.py"))


def test_they_are_used_where_they_are_installed():
    code = "import sys, qiskit_runtime_rest.results; print({'isal', 'pybase64'} <= sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_what_packed_data_promises_holds_without_them():
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
