"""The embedded service in a process of its own, so that its work does not count as the client's."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["BELL", "environment", "service"]

BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
c[0] = measure $0;
c[1] = measure $1;
"""
START_SECONDS = 30.0


@contextlib.contextmanager
def service(*options: str) -> Iterator[dict[str, str]]:
    """Serve on a free port of 127.0.0.1, with `options` of `qrr emulator serve`.

    Yields what the ready file says (base_url, iam_url, api_key, instance).
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [
            sys.executable,
            "-m",
            "qiskit_runtime_rest",
            "emulator",
            "serve",
            "--ready-file",
            str(ready),
            *options,
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                deadline = time.monotonic() + START_SECONDS
                while not ready.exists():
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError("the embedded service did not start")
                    time.sleep(0.02)
                yield json.loads(ready.read_text())
            finally:
                process.terminate()


def environment(ready: dict[str, str]) -> dict[str, str]:
    """The environment variables that point a client at the service."""
    return {
        "QISKIT_IBM_TOKEN": ready["api_key"],
        "QISKIT_IBM_INSTANCE": ready["instance"],
        "QISKIT_IBM_URL": ready["base_url"],
        "IAM_URL": ready["iam_url"],
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
    }
