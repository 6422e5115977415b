from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run


def listed(qrr: Run, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in qrr("backends", "--json", *arguments).stdout.splitlines()]


def test_backends_are_listed(qrr: Run) -> None:
    lines = qrr("backends").stdout.splitlines()
    assert lines[0].split()[:2] == ["backend", "qubits"]
    fez = next(line for line in lines if line.startswith("ibm_fez"))
    assert fez.split()[1:3] == ["156", "online"]
    names = [backend["name"] for backend in listed(qrr)]
    assert "ibm_fez" in names
    assert len(names) == len(lines) - 1


@pytest.mark.parametrize(
    ("arguments", "fits"),
    [
        (("--min-qubits", "150"), lambda raw: raw["qubits"] >= 150),
        (("--name", "ibm_*"), lambda raw: raw["name"].startswith("ibm_")),
        (("--name", "mar"), lambda raw: raw["name"] == "ibm_marrakesh"),
        (("--processor", "HERON"), lambda raw: raw["processor_type"]["family"] == "Heron"),
        (("--max-error", "0.004"), lambda raw: raw["performance_metrics"]["two_q_error_median"]["value"] <= 0.004),
        (("--online", "--max-queue", "0"), lambda raw: raw["status"]["name"] == "online"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_filter_leaves_those_that_fit(qrr: Run, arguments: tuple[str, ...], fits: Any) -> None:
    every, chosen = listed(qrr), listed(qrr, *arguments)
    assert 0 < len(chosen) <= len(every)
    assert all(map(fits, chosen))


def test_the_best_come_first_and_what_is_not_known_last(qrr: Run) -> None:
    errors = [
        (raw.get("performance_metrics") or {}).get("two_q_error_median", {}).get("value")
        for raw in listed(qrr, "--sort", "error")
    ]
    known = [error for error in errors if error is not None]
    assert known == sorted(known)
    assert errors == known + [None] * (len(errors) - len(known))
    qubits = [raw["qubits"] for raw in listed(qrr, "--sort", "qubits")]
    assert qubits == sorted(qubits, reverse=True)


def test_the_map_of_a_backend_is_drawn(qrr: Run, tmp_path: Path) -> None:
    file = tmp_path / "map.svg"
    assert qrr("backends", "ibm_fez", "--plot", str(file)).exit_code == 0
    assert "readout error" in file.read_text()
    unknown = qrr("backends", "ibm_feez", "--plot", str(file))
    assert unknown.exit_code == 1
    assert "Did you mean 'ibm_fez'?" in unknown.stderr
    assert qrr("backends", "--plot", str(file)).exit_code == 2


def test_one_backend_is_shown_by_its_name(qrr: Run) -> None:
    assert [raw["name"] for raw in listed(qrr, "ibm_fez")] == ["ibm_fez"]
    unknown = qrr("backends", "ibm_feez")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "Did you mean 'ibm_fez'?" in unknown.stderr


def test_no_backend_that_fits_is_said(qrr: Run) -> None:
    result = qrr("backends", "--min-qubits", "100000")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "fits" in result.stderr
