"""Servers in other processes, so that their CPU time is not counted as the client's."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["BELL", "credentials", "environment", "served", "service"]

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
def served(*command: str) -> Iterator[dict[str, Any]]:
    """Run a serving command of `qrr` on a free port of 127.0.0.1; yields the content of its ready file."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        line = [sys.executable, "-m", "qiskit_runtime_rest", *command, "--ready-file", str(ready)]
        with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                deadline = time.monotonic() + START_SECONDS
                while not ready.exists():
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError(f"qrr {' '.join(command[:2])} did not start")
                    time.sleep(0.02)
                yield json.loads(ready.read_text())
            finally:
                process.terminate()


def service(*options: str) -> contextlib.AbstractContextManager[dict[str, Any]]:
    """Serve the embedded service, with `options` of `qrr emulator serve`; yields base_url, iam_url, api_key, ..."""
    return served("emulator", "serve", *options)


def credentials(ready: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a client of the service."""
    return {name: ready[name] for name in ("api_key", "instance", "base_url", "iam_url")}


def environment(ready: dict[str, Any]) -> dict[str, str]:
    """The environment variables that point a client at the service."""
    return {
        "QISKIT_IBM_TOKEN": ready["api_key"],
        "QISKIT_IBM_INSTANCE": ready["instance"],
        "QISKIT_IBM_URL": ready["base_url"],
        "IAM_URL": ready["iam_url"],
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
    }
