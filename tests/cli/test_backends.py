from __future__ import annotations

import json

from .conftest import Run


def test_backends_are_listed(qrr: Run) -> None:
    lines = qrr("backends").stdout.splitlines()
    assert lines[0].split()[:2] == ["backend", "qubits"]
    torino = next(line for line in lines if line.startswith("ibm_torino"))
    assert torino.split()[1:3] == ["133", "online"]
    names = [backend["name"] for backend in json.loads(qrr("backends", "--json").stdout)]
    assert "ibm_torino" in names
    assert len(names) == len(lines) - 1
