"""Who can reach the embedded service: nobody else, unless somebody chose that and was warned."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

SERVE = """
import logging, os, signal, sys
from qiskit_runtime_rest.emulator.server import serve
logging.basicConfig()
serve(host=sys.argv[1], on_ready=lambda address: os.kill(os.getpid(), signal.SIGTERM))
"""
# In a network of its own, where there is nobody else to reach it.
ALONE = ["unshare", "--net", "--map-root-user"]


def can_be_alone() -> bool:
    return shutil.which(ALONE[0]) is not None and subprocess.run([*ALONE, "true"], check=False).returncode == 0


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_host_that_others_can_reach_is_warned_of(host: str, warned: bool) -> None:
    if warned and not can_be_alone():
        pytest.skip("no network namespaces here")
    command = [*(ALONE if warned else []), sys.executable, "-c", SERVE, host]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, -15), done.stderr
    assert ("not on loopback only" in done.stderr) == warned
