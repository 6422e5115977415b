"""Build the wheel and the sdist into `dist/`, check them, and run the wheel in an empty environment.

`python -m tools.wheel` does all of this. Built twice, in different folders and with different modes, the files have the
same bytes. What a core installation takes is measured, and mypy and pyright check usages against the installed wheel.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.metadata import Metadata

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
CONSTRAINTS = ROOT / "constraints.txt"
VERSION_FILE = Path("extensions/qiskit_runtime_rest/_version.py")
LONG_AGO = 10**9
VERSION_LINE = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)

PACKAGES = ("qiskit_runtime_api", "qiskit_runtime_rest")
IN_SDIST = ("LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "openapi.json", f"{VERSION_FILE}")
USAGES = ("tests/typing/usage.py", "tests/typing/pyrightconfig.json")
MOST_DISTRIBUTIONS, MOST_MEGABYTES = 12, 12
"""Of an installation without extras, bytecode excepted."""

IMPORT = """
import sys
import qiskit_runtime_rest
from qiskit_runtime_rest import *
assert qiskit_runtime_rest.__file__.startswith(sys.prefix), "imported from the sources"
"""


class WheelError(RuntimeError):
    """The files cannot be built or are wrong. The message says why."""


def current_version(root: Path = ROOT) -> str:
    """The version in `_version.py`."""
    found = VERSION_LINE.search((root / VERSION_FILE).read_text("utf-8"))
    if found is None:
        raise WheelError(f'{VERSION_FILE} has no line __version__ = "...".')
    return found[1]


def release_date(version: str, root: Path = ROOT) -> datetime.date | None:
    """The date of a version's heading in CHANGELOG.md; None if it has no heading."""
    heading = re.compile(rf"^## \[{re.escape(version)}\] - (\d{{4}}-\d\d-\d\d)$", re.MULTILINE)
    found = heading.search((root / "CHANGELOG.md").read_text("utf-8"))
    return datetime.date.fromisoformat(found[1]) if found else None


def build(folder: Path, root: Path = ROOT) -> tuple[Path, Path]:
    """Build wheel and sdist into `folder`, twice, and give their paths.

    The time in the files is the date of the version in CHANGELOG.md, so that anybody can build the same bytes.

    Raises:
        WheelError: the build failed, or the two builds differ.
    """
    date = release_date(current_version(root), root)
    environment = dict(os.environ)
    if date is not None:
        start_of_day = datetime.datetime.combine(date, datetime.time(), datetime.UTC)
        environment["SOURCE_DATE_EPOCH"] = str(int(start_of_day.timestamp()))
    command = (UV, "build", "--quiet", "--clear", "--build-constraint", CONSTRAINTS, "--out-dir")
    with tempfile.TemporaryDirectory() as scratch:
        run(*command, folder, root, env=environment)
        again = Path(scratch, "again")
        run(*command, again, copied(root, Path(scratch, "sources")), env=environment, umask=0o077)
        wheel, sdist = only(folder, "*.whl"), only(folder, "*.tar.gz")
        for file in (wheel, sdist):
            if file.read_bytes() != (again / file.name).read_bytes():
                raise WheelError(f"{file.name}: two builds of the same sources differ.")
    return wheel, sdist


def copied(root: Path, folder: Path) -> Path:
    """Copy the files of the repository, with times and modes of their own."""
    listed = ("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in run(*listed).split("\0"):
        source, copy = root / name, folder / name
        if not source.is_file():
            continue  # it is deleted
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy, follow_symlinks=False)
        if not copy.is_symlink():
            copy.chmod(0o700 if os.access(source, os.X_OK) else 0o600)
            os.utime(copy, (LONG_AGO, LONG_AGO))
    return folder


def problems(wheel: Path, sdist: Path, *, version: str) -> Iterator[str]:
    """What is wrong with the built files."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = next(name for name in names if name.endswith(".dist-info/METADATA"))
        try:
            metadata = Metadata.from_email(archive.read(info), validate=True)
        except ExceptionGroup as errors:
            yield from (f"{wheel.name}: {error}" for error in errors.exceptions)
            return
    if str(metadata.version) != version:
        yield f"{wheel.name}: its version is {metadata.version}, expected {version}."
    if metadata.license_expression != "MIT" or not any(name.endswith("/licenses/LICENSE") for name in names):
        yield f"{wheel.name}: expected the licence MIT, and its text."
    if not (metadata.description or "").startswith("# qiskit-runtime-rest"):
        yield f"{wheel.name}: the README is missing."
    top = {name.partition("/")[0] for name in names}
    if top != {*PACKAGES, "_qrr.py", info.partition("/")[0]}:
        yield f"{wheel.name}: expected only {' and '.join(PACKAGES)} and _qrr.py, got {', '.join(sorted(top))}."
    for needed in (f"{package}/py.typed" for package in PACKAGES):
        if needed not in names:
            yield f"{wheel.name}: {needed} is missing."
    with tarfile.open(sdist) as source:
        members = {name.partition("/")[2] for name in source.getnames()}
    for needed in IN_SDIST:
        if needed not in members:
            yield f"{sdist.name}: {needed} is missing."


def try_out(wheel: Path) -> None:
    """Install the wheel in an empty environment, far from the sources, and run it: bare, then the demo with extras."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "env", "bin", "python")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
        }
        run(UV, "venv", "--quiet", "--python", sys.executable, python.parents[1], cwd=folder, env=environment)

        def install(extras: str) -> None:
            requirement = f"qiskit-runtime-rest{extras} @ {wheel.resolve().as_uri()}"
            run(
                UV,
                "pip",
                "install",
                "--quiet",
                "--python",
                python,
                "-c",
                CONSTRAINTS,
                requirement,
                cwd=folder,
                env=environment,
            )

        install("")
        print(measured(python))
        run(python, "-W", "error", "-c", IMPORT, cwd=folder, env=environment)
        check_types(python, Path(folder, "usages"), environment)
        install("[cli,emulator]")
        run(python, "-m", "qiskit_runtime_rest", "demo", cwd=folder, env=environment)


def measured(python: Path) -> str:
    """What is installed beside a Python: how much, and how much more with bytecode.

    Raises:
        WheelError: it is more than a core installation may be.
    """

    def megabytes() -> float:
        return sum(file.stat().st_size for file in python.parents[1].glob("lib/**/*") if file.is_file()) / 1e6

    number = len(json.loads(run(UV, "pip", "list", "--quiet", "--format", "json", "--python", python)))
    installed = megabytes()
    if number > MOST_DISTRIBUTIONS or installed > MOST_MEGABYTES:
        raise WheelError(f"without extras: {number} distributions, {installed:.1f} MB")
    run(python, "-m", "compileall", "-q", *python.parents[1].glob("lib/*/site-packages"))
    return f"without extras: {number} distributions, {installed:.1f} MB, with bytecode {megabytes():.1f} MB"


def check_types(python: Path, folder: Path, environment: dict[str, str]) -> None:
    """Check usages with mypy and pyright against what is installed beside a Python, in an empty folder."""
    folder.mkdir()
    for name in USAGES:
        shutil.copy(ROOT / name, folder)
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", python, Path(USAGES[0]).name)
    pyright = (sys.executable, "-m", "pyright", "--pythonpath", python)
    for command in (mypy, pyright):
        print(run(*command, cwd=folder, env=environment).strip().splitlines()[-1])


def run(*command: str | Path, cwd: Path | str | None = None, env: dict[str, str] | None = None, umask: int = -1) -> str:
    """Run a command, and give its output.

    Raises:
        WheelError: with its output, if it failed.
    """
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, umask=umask, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise WheelError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def only(folder: Path, pattern: str) -> Path:
    """The one file that matches."""
    (found,) = folder.glob(pattern)
    return found


def build_and_check(root: Path = ROOT) -> tuple[Path, Path]:
    """Build into `dist/`, check the files, and run the wheel. Raises `WheelError`."""
    wheel, sdist = build(root / "dist", root)
    found = list(problems(wheel, sdist, version=current_version(root)))
    if found:
        raise WheelError("\n".join(found))
    try_out(wheel)
    return wheel, sdist


def main() -> int:
    """Run from the command line."""
    try:
        built = build_and_check()
    except WheelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(*built, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
