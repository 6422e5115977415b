"""Qiskit's tests of primitives, and packages on Qiskit's interfaces, unmodified, against the embedded service.

Each has an environment below `build/old-sdks/`, with this package as it stands here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest.testing import Emulator

from ..old_sdks.environments import FOLDER, prepared
from .devices import choice

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[2]
OURS = "qiskit-runtime-rest[{extras}] @ " + ROOT.as_uri()
HANG_SECONDS = 900
CONSTRAINTS = ROOT / "constraints.txt"
PINNED = ("-c", str(CONSTRAINTS))
QISKIT = next(line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("qiskit=="))

PROGRAMS: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    ("vqe", (*PINNED, "qiskit-algorithms==0.4.0"), {"near": True}),
    ("t1", (*PINNED, "qiskit-experiments==0.14.2"), {"sampler": True, "run": True}),
    (
        "other_packages",
        ("pytket==2.18.5", "cirq-core==1.7.0"),
        {"alike": True, "refused": True},
    ),
    ("pennylane_device", ("pennylane-qiskit==0.45.0",), {"expval": True, "counts": True, "gradient": True}),
)
"""The program, what it needs, and what it prints."""

FILES = ("test_statevector_sampler.py", "test_backend_sampler_v2.py", "test_backend_estimator_v2.py")


def environment(name: str, *requirements: str, extras: str = "qiskit") -> Path:
    """The Python of an environment with this package, editable."""
    return prepared(f"qiskit-{name}", ("-e", OURS.format(extras=extras), *requirements))


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    devices = choice(tmp_path_factory.mktemp("devices"))
    with Emulator(devices=devices, seed=1, workers=1, pace="immediate", resilience_level=0) as started:
        yield started


@pytest.mark.parametrize(("program", "requirements", "printed"), [pytest.param(*row, id=row[0]) for row in PROGRAMS])
def test_its_program_runs(
    program: str, requirements: tuple[str, ...], printed: dict[str, Any], emulator: Emulator, tmp_path: Path
) -> None:
    python = environment(program, *requirements)
    variables = {
        "QISKIT_IBM_TOKEN": emulator.api_key,
        "QISKIT_IBM_INSTANCE": emulator.instance,
        "QISKIT_IBM_URL": emulator.base_url,
        "IAM_URL": emulator.iam_url,
    }
    done = subprocess.run(
        [python, "-W", "ignore", HERE / "programs" / f"{program}.py"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == printed


def sources() -> Path:
    """The tests of Qiskit, from its source distribution; its package is left there."""
    folder = FOLDER / QISKIT.replace("==", "-")
    if not folder.is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        download = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=qiskit")
        subprocess.run([*download, f"--dest={FOLDER}", QISKIT], check=True)
        with tarfile.open(f"{folder}.tar.gz") as archive:
            tests = [one for one in archive.getmembers() if one.name.startswith(f"{folder.name}/test/")]
            archive.extractall(FOLDER, tests, filter="data")
    return folder


@pytest.mark.parametrize("file", FILES)
def test_the_tests_of_qiskit_pass(file: str, tmp_path: Path) -> None:
    python = environment(
        "reference", *PINNED, QISKIT, "ddt", "fixtures", "pytest", "testtools", extras="emulator,qiskit"
    )
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "reference", "-p", "no:cacheprovider", f"test/python/primitives/{file}"],
        cwd=sources(),
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    print(file, done.stdout.splitlines()[-1])
    counted = re.search(r"(\d+) passed", done.stdout)
    assert counted is not None
    assert int(counted[1]) >= 15
