"""IBM's integration tests of qiskit-ibm-runtime, unmodified, with the embedded service behind the real one's names.

`python -m tools.integration [--part] [--seconds S] [ARGUMENTS OF PYTEST]` takes the source distribution of the pinned
version, and runs its tests under `qrr offline`, in an environment of their own. `integration.json` beside this file
lists the tests that fail, with the reason of each; a failure that is not listed is an error. It all is in
`build/integration/`.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "integration"
CONSTRAINTS = ROOT / "constraints.txt"
REASONS = Path(__file__).with_suffix(".json")
UV = Path(sys.executable).with_name("uv")
PACKAGE = "qiskit-ibm-runtime"
MORE = ("pytest-timeout", "qiskit-aer", "simplejson")
"""What the tests need and the distribution does not name."""

TEST_SECONDS = 300
VARIABLES = {
    "QISKIT_IBM_TOKEN": "any-key",
    "QISKIT_IBM_URL": "https://cloud.ibm.com",
    "QISKIT_IBM_INSTANCE": f"crn:v1:bluemix:public:quantum-computing:us-east:a/{'0a1b2c3d' * 4}:{UUID(int=7)}::",
    "QISKIT_IBM_QPU": "ibm_fez",
}
DEVICES = (
    "ibm_fez",
    "ibm_kingston",
    "ibm_marrakesh",
    "ibm_miami",
    "ibm_torino",
    "alt_fez=ibm_fez",
    "test_eagle_us-east=ibm_brisbane",
)
"""Some of today's, and two with names of IBM's staging service."""

PACE = "seconds:1"
"""Jobs wait for a second, and run for one: some tests look at jobs that are not done yet."""

TESTS = "test.integration"
PART = ("account", "executor_sampler", "job", "noise_learner", "results", "session")
"""The modules of the tests that CI runs. They take a minute."""

PREFIX = "test.integration."


def pinned() -> str:
    """The version of qiskit-ibm-runtime in `constraints.txt`."""
    match = re.search(rf"^{PACKAGE}==(.+)$", CONSTRAINTS.read_text("utf-8"), re.MULTILINE)
    assert match is not None
    return match[1]


def sources(version: str) -> Path:
    """The unpacked source distribution."""
    name = f"{PACKAGE.replace('-', '_')}-{version}"
    if not (FOLDER / name).is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        download = ("pip", "download", "--quiet", "--no-deps", f"--no-binary={PACKAGE}", f"--dest={FOLDER}")
        subprocess.run([sys.executable, "-m", *download, f"{PACKAGE}=={version}"], check=True)
        with tarfile.open(FOLDER / f"{name}.tar.gz") as archive:
            archive.extractall(FOLDER, filter="data")
    return FOLDER / name


def environment(version: str) -> Path:
    """The `bin` of a Python environment with this version and what its tests need."""
    folder = FOLDER / f"env-{version}"
    ready = folder / "ready"
    if not ready.exists():
        subprocess.run([UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
        install = (UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", "--constraints", CONSTRAINTS)
        subprocess.run([*install, f"{PACKAGE}[test]=={version}", *MORE], check=True)
        ready.touch()
    return folder / "bin"


def run(tests: Sequence[str], arguments: Sequence[str]) -> Path:
    """Run the tests, modules or packages of the distribution; returns pytest's report."""
    version = pinned()
    home, report = FOLDER / "home", FOLDER / "junit.xml"
    home.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    programs = environment(version)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    # Names of modules: `qrr offline` would look for instances in files, and one test needs a name that is not known.
    pytest = (
        "-m",
        "pytest",
        "--pyargs",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--timeout={TEST_SECONDS}",
        f"--junitxml={report}",
    )
    offline = (sys.executable, "-m", "qiskit_runtime_rest", "offline", "--seed", "1", "--pace", PACE)
    devices = [word for device in DEVICES for word in ("--device", device)]
    variables = {**os.environ, **VARIABLES, "HOME": str(home), "PATH": path}
    subprocess.run(
        [*offline, *devices, "--", programs / "python", *pytest, *tests, *arguments],
        cwd=sources(version),
        env=variables,
        check=False,
    )
    return report


def outcomes(report: Path) -> Iterator[tuple[str, str]]:
    """Each test of a report, with `passed`, `skipped` or `failed`."""
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by the pytest that ran just now
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        yield f"{case.get('classname')}::{case.get('name')}".removeprefix("::").removeprefix(PREFIX), outcome


def main() -> None:
    """Run the tests and compare the failures with the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, help="begin no test after this time")
    parser.add_argument("--part", action="store_true", help="run the files that CI runs")
    own, arguments = parser.parse_known_args()
    if own.seconds:
        arguments.append(f"--session-timeout={own.seconds}")
    reasons: Mapping[str, str] = json.loads(REASONS.read_text("utf-8"))
    tests = [f"{TESTS}.test_{name}" for name in PART] if own.part else [TESTS]
    found = dict(outcomes(run(tests, arguments)))
    failed = [test for test, outcome in found.items() if outcome == "failed"]
    counts = {kind: list(found.values()).count(kind) for kind in ("passed", "failed", "skipped")}
    unlisted = [test for test in failed if not any(fnmatch.fnmatchcase(test, pattern) for pattern in reasons)]
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped.")
    for pattern, reason in reasons.items():
        matched = fnmatch.filter(found, pattern)
        if count := len([test for test in matched if test in failed]):
            print(f"  {count} fail: {pattern}: {reason}")
        elif any(found[test] == "passed" for test in matched):
            print(f"  passes now, and can leave the list: {pattern}")
    for test in unlisted:
        print(f"  FAILS, without a reason in {REASONS.name}: {test}")
    sys.exit(bool(unlisted) or not found)


if __name__ == "__main__":
    main()
