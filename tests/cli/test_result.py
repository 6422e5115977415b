from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import Run
from .test_jobs import submitted


def saved(path: Path, results: list[Any]) -> str:
    path.write_text(json.dumps({"results": results, "metadata": {}}))
    return str(path)


@pytest.fixture
def swept(tmp_path: Path) -> str:
    """A file with the counts of two points, 4 shots each."""
    samples = [["0x0", "0x0", "0x0", "0x3"], ["0x3", "0x3", "0x1", "0x3"]]
    return saved(
        tmp_path / "job-x-result.json",
        [{"data": {"c": {"samples": samples, "num_bits": 2}}, "metadata": {}}],
    )


@pytest.fixture
def estimated(tmp_path: Path) -> str:
    data = {"evs": [0.5, math.nan], "stds": [0.1, 0.2]}
    return saved(tmp_path / "job-y-result.json", [{"data": data, "metadata": {}}])


def test_a_file_needs_no_service(qrr: Run, service: Emulator, swept: str) -> None:
    service.clear_requests()
    result = qrr("result", swept)
    assert result.exit_code == 0
    assert "2 points of 4 shots, counted together" in result.stdout
    assert {line.split()[0]: line.split()[-3] for line in result.stdout.splitlines()[1:]} == {
        "00": "3",
        "01": "1",
        "11": "4",
    }
    assert service.requests == []


def test_the_forms_of_counts(qrr: Run, swept: str) -> None:
    assert json.loads(qrr("result", swept, "--counts").stdout) == {"00": 3, "11": 4, "01": 1}
    rows = list(csv.DictReader(io.StringIO(qrr("result", swept, "--csv").stdout)))
    assert [(row["pub"], row["index_0"], row["outcome"], row["shots"], row["share"]) for row in rows] == [
        ("0", "0", "00", "3", "0.75"),
        ("0", "0", "11", "1", "0.25"),
        ("0", "1", "01", "1", "0.25"),
        ("0", "1", "11", "3", "0.75"),
    ]
    table = [line.split() for line in qrr("result", swept, "--table").stdout.splitlines()]
    assert table[:2] == [["pub", "index", "0", "outcome", "shots", "share"], ["0", "0", "00", "3", "0.75"]]
    assert json.loads(qrr("result", swept, "--raw").stdout)["results"]


def test_a_picture_is_drawn_beside_other_output_or_alone(qrr: Run, swept: str, tmp_path: Path) -> None:
    file = tmp_path / "counts.svg"
    alone = qrr("result", swept, "--plot", str(file), "--theme", "dark")
    assert (alone.exit_code, alone.stdout) == (0, "")
    assert f"the picture is in {file}" in alone.stderr
    assert file.read_text().startswith("<?xml")
    both = qrr("result", swept, "--plot", str(tmp_path / "counts.png"), "--json")
    assert json.loads(both.stdout)["kind"] == "sampler"
    for wrong in ("counts.pdf", "nowhere/counts.png"):
        assert qrr("result", swept, "--plot", str(tmp_path / wrong)).exit_code == 2


def test_json_is_json_whatever_the_numbers_are(qrr: Run, estimated: str) -> None:
    text = qrr("result", estimated, "--json").stdout
    assert "NaN" not in text
    assert json.loads(text)["results"][0]["data"]["evs"] == [0.5, None]
    rows = list(csv.DictReader(io.StringIO(qrr("result", estimated, "--csv").stdout)))
    assert [row["std"] for row in rows] == ["0.1", "0.2"]


def test_what_is_saved_can_be_read_again(qrr: Run, bell: str, tmp_path: Path) -> None:
    job = submitted(qrr, bell, "--shots", "20")
    counts = json.loads(qrr("result", job, "--counts", "--save-to", str(tmp_path / "results")).stdout)
    file = tmp_path / "results" / f"{job}.sampler.json"
    assert json.loads(qrr("result", str(file), "--counts").stdout) == counts
    assert sum(counts.values()) == 20


def test_forms_exclude_each_other_and_a_text_has_no_table(qrr: Run, swept: str, tmp_path: Path) -> None:
    assert "--csv and --json exclude" in qrr("result", swept, "--csv", "--json").stderr
    noise = tmp_path / "x.mine.json"
    noise.write_text('{"no": "items"}')
    assert qrr("result", str(noise), "--table").stdout.strip() == ""
    damaged = tmp_path / "job-z-result.json"
    damaged.write_text("{}")
    assert qrr("result", str(damaged)).exit_code == 1


def test_a_name_that_only_a_file_can_have_is_not_looked_up_as_a_job(
    qrr: Run, service: Emulator, tmp_path: Path
) -> None:
    service.clear_requests()
    for name, word in (("gone.json", "no file"), (f"{tmp_path}/gone", "no file"), (str(tmp_path), "is a folder")):
        missing = qrr("result", name)
        assert missing.exit_code == 2
        assert word in missing.stderr
    assert service.requests == []
