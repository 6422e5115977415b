from __future__ import annotations

import json

from .conftest import Run


def test_backends_are_listed(qrr: Run) -> None:
    lines = qrr("backends").stdout.splitlines()
    assert lines[0].split()[:2] == ["backend", "qubits"]
    fez = next(line for line in lines if line.startswith("ibm_fez"))
    assert fez.split()[1:3] == ["156", "online"]
    names = [backend["name"] for backend in json.loads(qrr("backends", "--json").stdout)]
    assert "ibm_fez" in names
    assert len(names) == len(lines) - 1
