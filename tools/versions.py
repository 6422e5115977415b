"""Test each extra with its lowest and its highest versions, on each Python that is here, from the wheel.

`python -m tools.versions` makes an environment below `build/versions/` for each of them. There, what the extra names is
as low, or as high, as `pyproject.toml` and other packages allow; what only the tests need is as in `constraints.txt`.
`--extra`, `--python` and `--resolution` choose a part. The table is printed, and saved as `build/versions.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from qiskit_runtime_rest.testing import Emulator
from tools.wheel import CONSTRAINTS, ROOT, UV, WheelError, only, run

FOLDER = ROOT / "build/versions"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
RESOLUTIONS = {"lowest": "lowest-direct", "highest": "highest"}
MISSING = "no such Python here"

TESTS: dict[str, tuple[str, ...]] = {
    "core": ("tests/plans", "tests/config", "tests/http"),
    "httpx2": ("-p", "tests.fixtures.httpx2", "tests/http"),
    "cli": ("tests/cli", "--ignore=tests/cli/test_docs.py"),
    "numpy": ("tests/results/test_packed_arrays.py", "tests/results/test_files.py", "tests/submission/test_pubs.py"),
    "fast": ("tests/results/test_packed_arrays.py", "tests/results/test_sampler.py", "tests/results/test_files.py"),
    "directed": (
        "tests/directed/test_circuit_text.py",
        "tests/directed/test_folding.py",
        "tests/directed/test_requests.py",
    ),
    "pandas": ("tests/client/test_notebooks.py",),
    "plot": ("tests/pictures/test_pictures.py",),
    "emulator": ("tests/emulator/programs/test_run.py", "tests/emulator/operations", "tests/emulator/test_devices.py"),
    "legacy": ("tests/legacy/test_gateway.py", "tests/legacy/test_interception.py", "tests/legacy/test_fix.py"),
    "offline": ("tests/offline",),
    "contract": ("tests/conformance/test_check.py", "tests/conformance/test_report.py"),
    "all": ("tests/pictures/test_pictures.py", "tests/cli/test_demo.py", "tests/offline/test_command.py"),
}
"""The tests of each extra; `core` is an installation without extras."""

PROGRAMS = {"qiskit": "tests/qiskit/programs/bell.py"}
"""Extras that do not fit beside the embedded service in their lowest versions: a program before a service elsewhere."""

EXTRAS = (*TESTS, *PROGRAMS)

TOOLS = (
    *("aiohttp", "anyio", "cryptography", "hypothesis", "ipython", "jsonschema", "numpy", "oas-patch", "packaging"),
    *(
        "matplotlib",
        "psutil",
        "pytest",
        "pyyaml",
        "referencing",
        "requests",
        "rich",
        "trustme",
        "typer",
        "websocket-client",
        "websockets",
    ),
)
"""What tests import besides the embedded service."""


@frozen
class Case:
    """An extra, with its lowest or highest versions, on a Python."""

    extra: str
    python: str
    resolution: str

    @property
    def folder(self) -> Path:
        """Its environment."""
        return FOLDER / f"{self.extra}-{self.python}-{self.resolution}"


def requirements(extra: str) -> Iterator[Requirement]:
    """What an extra needs, with that of the extras which it includes, and of the package itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting = list(project["dependencies"]) if extra == "core" else list(project["optional-dependencies"][extra])
    while waiting:
        one = Requirement(waiting.pop())
        if canonicalize_name(one.name) == project["name"]:
            waiting += [text for below in one.extras for text in project["optional-dependencies"][below]]
        else:
            yield one


def pinned() -> dict[str, str]:
    """The lines of `constraints.txt`, by name."""
    lines = CONSTRAINTS.read_text("utf-8").split()
    return {canonicalize_name(line.partition("==")[0]): line for line in lines}


def install(case: Case, wheel: Path, interpreter: str) -> Path:
    """Make the environment of a case, and give its Python.

    Raises:
        WheelError: the versions cannot be installed together.
    """
    shutil.rmtree(case.folder, ignore_errors=True)
    run(UV, "venv", "--quiet", "--python", interpreter, case.folder)
    tested = list(requirements(case.extra))
    names = () if case.extra in PROGRAMS else (*TOOLS, *(one.name for one in requirements("emulator")))
    helping = {canonicalize_name(name) for name in names}
    pins = [
        line for name, line in pinned().items() if name in helping - {canonicalize_name(one.name) for one in tested}
    ]
    file = case.folder / "requirements.txt"
    file.write_text("\n".join([*map(str, tested), *pins]), "utf-8")
    python = case.folder / "bin" / "python"
    options = ("--quiet", "--python", python, "--resolution", RESOLUTIONS[case.resolution])
    run(UV, "pip", "install", *options, "--only-binary", ":all:", "-r", file, f"qiskit-runtime-rest @ {wheel.as_uri()}")
    return python


def passed(case: Case, wheel: Path, interpreter: str) -> str:
    """Run the tests of a case, and say how many passed; what failed is in `build/versions/*.txt`."""
    log = case.folder.with_suffix(f"{case.folder.suffix}.txt")
    try:
        python = install(case, wheel, interpreter)
    except WheelError as error:
        log.write_text(f"{error}", "utf-8")
        return "cannot be installed"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment["PATH"] = f"{python.parent}:{environment['PATH']}"
    done = (_ran if case.extra in PROGRAMS else _tested)(case, python, environment)
    versions = run(UV, "pip", "freeze", "--python", python)
    log.write_text(f"{versions}{done.stdout}{done.stderr}", "utf-8")
    shutil.rmtree(case.folder)
    if case.extra in PROGRAMS:
        return "1" if done.returncode == 0 and all(json.loads(done.stdout).values()) else "0 (1 failed)"
    counts = re.findall(r"(\d+) (passed|failed|errors?)", done.stdout.strip().rpartition("\n")[2])
    told = ", ".join(f"{number} {word}" for number, word in counts if word != "passed")
    number = next((number for number, word in counts if word == "passed"), "0")
    return f"{number}{f' ({told})' if told else ''}" if done.returncode in (0, 1) else f"exit {done.returncode}"


def _tested(case: Case, python: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [f"{python}", "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS[case.extra]]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def _ran(case: Case, python: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    with Emulator(seed=1, workers=1, pace="immediate") as emulator:
        environment |= {
            "QISKIT_IBM_TOKEN": emulator.api_key,
            "QISKIT_IBM_INSTANCE": emulator.instance,
            "QISKIT_IBM_URL": emulator.base_url,
            "IAM_URL": emulator.iam_url,
            "HOME": f"{case.folder}",
        }
        command = [f"{python}", f"{ROOT / PROGRAMS[case.extra]}"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def interpreter(python: str) -> str | None:
    """The Python of a version, on PATH or where uv finds it; None if there is none."""
    try:
        return run(UV, "python", "find", "--no-project", "--no-python-downloads", python).strip()
    except WheelError:
        return None


def table(results: dict[Case, str]) -> str:
    """The results as a table: a row for each extra, and a column for each Python."""
    pythons = sorted({case.python for case in results})
    rows = ["| extra | " + " | ".join(f"{python} lowest | highest" for python in pythons) + " |"]
    rows.append("|---" * (1 + 2 * len(pythons)) + "|")
    for extra in dict.fromkeys(case.extra for case in results):
        cells = (results.get(Case(extra, python, which), "") for python in pythons for which in RESOLUTIONS)
        rows.append(f"| {extra} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extra", action="append", choices=EXTRAS, help="default: all")
    parser.add_argument("--python", action="append", choices=PYTHONS, help="default: all")
    parser.add_argument("--resolution", action="append", choices=RESOLUTIONS, help="default: both")
    chosen = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    run(
        UV,
        "build",
        "--quiet",
        "--wheel",
        "--clear",
        "--build-constraint",
        CONSTRAINTS,
        "--out-dir",
        FOLDER / "wheel",
        ROOT,
    )
    wheel = only(FOLDER / "wheel", "*.whl")
    results: dict[Case, str] = {}
    for python in chosen.python or PYTHONS:
        found = interpreter(python)
        if found is None:
            print(f"Python {python}: {MISSING}. Put python{python} on PATH.", file=sys.stderr)
            continue
        for extra in chosen.extra or EXTRAS:
            for resolution in chosen.resolution or RESOLUTIONS:
                case = Case(extra, python, resolution)
                results[case] = passed(case, wheel, found)
                print(f"{extra} {python} {resolution}: {results[case]}", flush=True)
    (ROOT / "build/versions.md").write_text(table(results), "utf-8")
    print(table(results))
    return 0 if results and all(result.isdigit() for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
