from __future__ import annotations

import json

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import NULL
from .conftest import Run


def test_usage_is_shown(qrr: Run, service: Emulator) -> None:
    document = json.loads(qrr("usage", "--json").stdout)
    assert document["instance_id"] == service.instance
    assert document["usage_consumed_seconds"] >= 0
    text = qrr("usage").stdout
    assert "used" in text
    assert service.instance in text


def test_usage_in_resource_units_is_shown(qrr: Run, service: Emulator) -> None:
    body = {
        "instance_id": service.instance,
        "plan_id": "plan",
        "usage_consumed_seconds": 60,
        "usage_consumed_ru": 1.5,
        "usage_limit_ru": 40,
    }
    service.faults.add("get_instance_usage", status=200, body=body)
    text = qrr("usage").stdout
    assert "60.0 s" in text
    assert "1.5 RU" in text
    assert "40.0 RU" in text


def test_usage_that_is_not_known_is_said(qrr: Run, service: Emulator) -> None:
    service.faults.add("get_instance_usage", **NULL, times=2)
    assert json.loads(qrr("usage", "--json").stdout) is None
    assert "The service does not know the usage of this instance." in qrr("usage").stdout


def test_usage_has_a_bar_against_its_limit(qrr: Run, service: Emulator) -> None:
    body = {
        "instance_id": service.instance,
        "plan_id": "plan",
        "usage_consumed_seconds": 150,
        "usage_remaining_seconds": 450,
        "usage_limit_seconds": 600,
    }
    service.faults.add("get_instance_usage", status=200, body=body)
    lines = {line.split()[0]: line for line in qrr("usage").stdout.splitlines()}
    assert "150.0 s" in lines["used"]
    assert "█" in lines["used"]
    assert lines["used"].rstrip().endswith("25 %")
    assert "450.0 s" in lines["left"]
    assert "█" not in lines["limit"]
