"""What this package depends on: licences, known vulnerabilities, and a bill of materials.

`python -m tools.supply` writes build/licences.txt, fails on a licence that is not known to fit, and audits the pinned
versions with pip-audit; where no advisories can be reached, it says so and goes on. `make release` writes the bill of
materials (CycloneDX) of the wheel with all its extras.
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from attrs import frozen
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.wheel import CONSTRAINTS, ROOT, UV, WheelError, run

PACKAGE = "qiskit-runtime-rest"
EXTRA = "all"
LIST = ROOT / "build/licences.txt"

AUDIT = "pip-audit==2.10.1"
BILL = "cyclonedx-bom==7.5.0"
VALIDATION = """
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
text = open(sys.argv[1], encoding="utf-8").read()
version = SchemaVersion.from_version(json.loads(text)["specVersion"])
print(JsonStrictValidator(version).validate_str(text) or "valid")
"""
AUDITED = ROOT / "build/audited.txt"
PROBE = "httpx"

FITTING = re.compile(
    r"MIT|BSD|Apache|ISC\b|PSF|Python Software Foundation|MPL|Mozilla|HPND|Unlicense|Zlib|0BSD|CC0|Public Domain",
    re.IGNORECASE,
)
"""Licences of libraries that a package under MIT may depend on."""
CLASSIFIER = "License :: "


@frozen(order=True)
class Licence:
    """A dependency and its licence, as its metadata says."""

    name: str
    version: str
    text: str

    @property
    def fits(self) -> bool:
        """Whether the licence is one of those that fit."""
        return FITTING.search(self.text) is not None


def dependencies(name: str = PACKAGE, *, extra: str = EXTRA) -> Iterator[Distribution]:
    """All installed distributions that a distribution with an extra needs, each once."""
    seen: set[tuple[str, str]] = set()
    given: set[str] = set()
    waiting = [(canonicalize_name(name), extra)]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        try:
            found = distribution(one[0])
        except PackageNotFoundError:
            continue  # its marker excludes this platform, or it is optional there
        if one[0] != canonicalize_name(name) and one[0] not in given:
            given.add(one[0])
            yield found
        for text in found.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": one[1]}):
                below = canonicalize_name(requirement.name)
                waiting += [(below, wanted) for wanted in ("", *requirement.extras)]


def licence(one: Distribution) -> Licence:
    """The licence of a distribution: its expression, else its classifiers, else the first line of its text."""
    about = one.metadata
    classifiers = [text.removeprefix(CLASSIFIER) for text in about.get_all("Classifier") or () if CLASSIFIER in text]
    given = [*about.get_all("License-Expression", []), "; ".join(classifiers), *about.get_all("License", [])]
    said = next(filter(None, given), None)
    files = about.get_all("License-File") or ()
    said = said or next((text for file in files if (text := one.read_text(f"licenses/{file}"))), "unknown")
    return Licence(canonicalize_name(one.name), one.version, said.strip().splitlines()[0][:200])


def licences() -> list[Licence]:
    """Of all dependencies, by name."""
    return sorted(map(licence, dependencies()))


def audit() -> str:
    """What pip-audit says of the pinned versions; once a day for the same versions.

    Raises:
        WheelError: a pinned version has a known vulnerability.
    """
    pinned = CONSTRAINTS.read_text("utf-8")
    mark = f"{datetime.datetime.now(datetime.UTC).date()}\n{pinned}"
    if AUDITED.exists() and AUDITED.read_text("utf-8") == mark:
        return "audited today"
    probe = next(line for line in pinned.splitlines() if line.startswith(f"{PROBE}=="))
    if not _audited(probe):
        return "audit skipped: there are no advisories here"
    found = [
        f"{one['name']} {one['version']}: {hit['id']}, fixed in {', '.join(hit['fix_versions']) or 'no version'}"
        for one in _audited(pinned)
        for hit in one["vulns"]
    ]
    if found:
        raise WheelError("\n".join(["known vulnerabilities of pinned versions:", *found]))
    AUDITED.write_text(mark, "utf-8")
    return "audit: no known vulnerabilities"


def _audited(pinned: str) -> list[dict[str, Any]]:
    """The versions that could be audited, with their vulnerabilities."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text(pinned, "utf-8")
        options = ("--progress-spinner", "off", "--format", "json", "--no-deps", "--disable-pip", "-r", file)
        command = [UV, "tool", "run", "--quiet", "--from", AUDIT, "pip-audit", *options]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    # It prints no JSON if it could not ask. Its exit status does not tell that from a vulnerability.
    dependencies = json.loads(done.stdout)["dependencies"] if done.stdout.startswith("{") else []
    return [one for one in dependencies if "vulns" in one]


def write_bill(wheel: Path, file: Path) -> Path:
    """Write the bill of materials of a wheel with all its extras, as CycloneDX JSON, and give its path."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "bin", "python")
        run(UV, "venv", "--quiet", "--python", sys.executable, folder)
        requirement = f"{PACKAGE}[{EXTRA}] @ {wheel.resolve().as_uri()}"
        run(UV, "pip", "install", "--quiet", "--python", python, "-c", CONSTRAINTS, requirement)
        options = ("--output-reproducible", "--of", "JSON", "-o", file)
        run(UV, "tool", "run", "--quiet", "--from", BILL, "cyclonedx-py", "environment", python, *options)
    document = json.loads(file.read_text("utf-8"))
    for component in document["components"]:
        if component["name"] == PACKAGE:  # where the wheel was on this machine
            component.pop("externalReferences", None)
    file.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    validate_bill(file)
    return file


def validate_bill(file: Path) -> None:
    """Check a bill of materials with CycloneDX's own library.

    Raises:
        WheelError: it is not valid CycloneDX.
    """
    found = run(UV, "tool", "run", "--quiet", "--from", BILL, "python", "-c", VALIDATION, file)
    if found.strip() != "valid":
        raise WheelError(f"{file.name} is not valid CycloneDX: {found.strip()}")


def main() -> int:
    """Run from the command line."""
    found = licences()
    LIST.parent.mkdir(exist_ok=True)
    LIST.write_text("".join(f"{one.name} {one.version}: {one.text}\n" for one in found), "utf-8")
    for one in (one for one in found if not one.fits):
        print(f"error: {one.name} {one.version}: does its licence fit? {one.text}", file=sys.stderr)
    print(f"{len(found)} dependencies, their licences are in {LIST.relative_to(ROOT)}")
    try:
        print(audit())
    except WheelError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if all(one.fits for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
