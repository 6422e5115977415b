from __future__ import annotations

import json

from qiskit_runtime_rest.testing import Emulator

from .conftest import Run


def test_usage_is_shown(qrr: Run, service: Emulator) -> None:
    document = json.loads(qrr("usage", "--json").stdout)
    assert document["instance_id"] == service.instance
    assert document["usage_consumed_seconds"] >= 0
    text = qrr("usage").stdout
    assert "used" in text
    assert service.instance in text
