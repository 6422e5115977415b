"""Ctrl-C in the start of `qrr`, as soon as its own code runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

PRESSED = """
import builtins, os, signal, sys, _qrr
before = builtins.__import__
def pressing(name, *rest, **options):
    if name.startswith({module!r}) or (rest and (rest[-1] if isinstance(rest[-1], int) else 0) and {module!r} == "."):
        builtins.__import__ = before
        os.kill(os.getpid(), signal.SIGINT)
    return before(name, *rest, **options)
builtins.__import__ = pressing
sys.argv = ["qrr", "--help"]
_qrr.main()
"""


@pytest.mark.parametrize("module", ["qiskit_runtime_rest", "typing", "typer", "."])
def test_ctrl_c_shows_no_traceback(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRESSED.format(module=module)], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in (-2, 130)
    assert done.stdout == ""
