from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qiskit_runtime_rest.emulator.errors import ServiceError
from qiskit_runtime_rest.emulator.state.versions import (
    NEWEST,
    OLDEST,
    VERSIONS,
    ApiVersion,
    check_served,
    deprecation_headers,
    find_version,
    in_version,
)

METRICS = {"usage": {"qpu_charge_time_seconds": 2.0}, "circuits_execution_time_ns": 7}


def version(name: str) -> ApiVersion:
    return find_version([name])


def test_without_a_header_the_oldest_version_applies_and_the_last_header_wins() -> None:
    assert find_version([]) == OLDEST
    assert find_version(["2024-01-01", NEWEST.name]) == NEWEST


@pytest.mark.parametrize("name", ["", "2024-01-02", "newest", "x" * 1000])
def test_another_date_is_refused_with_the_list_of_versions(name: str) -> None:
    with pytest.raises(ServiceError) as refused:
        find_version([name])
    assert refused.value.kind.code == 3220
    assert NEWEST.name in refused.value.message
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("2026-04-15", METRICS),
        ("2026-03-15", {"usage": {"qpu_charge_time_seconds": 2.0, "circuits_execution_time_ns": 7}}),
        (
            "2026-02-15",
            {
                "usage": {
                    "qpu_charge_time_seconds": 2.0,
                    "circuits_execution_time_ns": 7,
                    "quantum_seconds": 2.0,
                    "seconds": 2.0,
                },
                "bss": {"seconds": 2.0},
            },
        ),
    ],
)
def test_metrics_have_the_shape_of_their_version(name: str, body: Any) -> None:
    assert in_version(METRICS, operation="get_job_metrics", version=version(name)) == body


def test_only_the_oldest_version_lists_names_of_devices() -> None:
    body = {"devices": [{"name": "ibm_fez", "qubits": 133}]}
    assert in_version(body, operation="list_backends", version=OLDEST) == {"devices": ["ibm_fez"]}
    assert in_version(body, operation="list_backends", version=VERSIONS[1]) == body
    assert in_version(body, operation="another", version=OLDEST) == body


def test_an_operation_that_later_versions_dropped_is_refused_there() -> None:
    check_served("get_job_transpiled_circuits", version=version("2025-05-01"))
    with pytest.raises(ServiceError, match="no longer has this endpoint"):
        check_served("get_job_transpiled_circuits", version=version("2026-02-01"))


def test_a_deprecated_version_announces_its_end() -> None:
    deprecated = ApiVersion(date(2024, 1, 1), sunset=date(2027, 1, 1))
    assert deprecated == OLDEST
    assert deprecation_headers(deprecated) == {
        "Deprecation": "@1735689600",
        "Sunset": "Fri, 01 Jan 2027 00:00:00 GMT",
    }
    assert deprecation_headers(NEWEST) == {}
