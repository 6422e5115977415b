"""Prepare a release, up to the upload: `python -m tools.release 1.2.3`, or `make release VERSION=1.2.3`.

Checks the tree and the changelog, sets the version, builds and checks the files, commits, and tags. Nothing leaves this
machine. If a check fails, the tree is as before.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from packaging.version import Version

from tools.supply import write_bill
from tools.wheel import (
    ROOT,
    VERSION_FILE,
    VERSION_LINE,
    WheelError,
    build_and_check,
    current_version,
    release_date,
    run,
)

FORM = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")
UNRELEASED = re.compile(r"^## \[Unreleased\]$(.*?)^## ", re.MULTILINE | re.DOTALL)

NEXT_STEPS = """{version} is built in dist/, committed and tagged as {tag}. Nothing was uploaded. Next:

  git push --follow-tags
  .venv/bin/uv publish {files}

then make a release of the tag on the forge, with the version's part of CHANGELOG.md as its text, and with the bill of
materials (dist/*.cdx.json) beside the files."""

PLACEHOLDERS = """
pyproject.toml still has placeholders (example.com): put in the real authors and URLs before the upload, and prepare the
release again."""


def obstacles(version: str, root: Path) -> Iterator[str]:
    """The reasons why this version cannot be released now."""
    if not FORM.fullmatch(version):
        yield f"VERSION={version}: expected a version such as 1.2.3 or 1.2.3rc1."
        return
    current = current_version(root)
    if Version(version) < Version(current):
        yield f"VERSION={version}: it is older than the current version, {current}."
    if git(root, "status", "--porcelain"):
        yield "The tree has changes that are not committed: commit or stash them."
    if git(root, "tag", "--list", f"v{version}"):
        yield f"The tag v{version} exists already."
    if release_date(version, root) is None:
        yield f"CHANGELOG.md has no heading `## [{version}] - YYYY-MM-DD`: rename the part `Unreleased`."
    left = UNRELEASED.search((root / "CHANGELOG.md").read_text("utf-8"))
    if left and left[1].strip():
        yield "CHANGELOG.md still has entries below `Unreleased`: move them to the version's part."


def built_with_bill(root: Path) -> tuple[Path, ...]:
    """Wheel, sdist, and the bill of materials beside them."""
    wheel, sdist = build_and_check(root)
    return wheel, sdist, write_bill(wheel, wheel.with_suffix(".cdx.json"))


def release(version: str, root: Path = ROOT, *, build: Callable[[Path], tuple[Path, ...]] = built_with_bill) -> str:
    """Prepare the release of `version`, and give the next steps as text.

    Raises:
        WheelError: an obstacle, or a failed build or check.
    """
    found = list(obstacles(version, root))
    if found:
        raise WheelError("\n".join(found))
    file = root / VERSION_FILE
    before = file.read_text("utf-8")
    file.write_text(VERSION_LINE.sub(f'__version__ = "{version}"', before), "utf-8")
    try:
        files = build(root)
    except BaseException:
        file.write_text(before, "utf-8")
        raise
    if git(root, "status", "--porcelain"):
        git(root, "commit", "--quiet", "--message", f"Release {version}", "--", str(VERSION_FILE))
    git(root, "tag", "--annotate", f"v{version}", "--message", f"Release {version}")
    names = " ".join(str(file.relative_to(root)) for file in files if file.suffix != ".json")
    text = NEXT_STEPS.format(version=version, tag=f"v{version}", files=names)
    return text + PLACEHOLDERS if "example.com" in (root / "pyproject.toml").read_text("utf-8") else text


def git(root: Path, *arguments: str) -> str:
    """The output of a git command."""
    return run("git", "-C", root, *arguments).strip()


def main() -> int:
    """Run from the command line."""
    if len(sys.argv) != 2:
        print("error: expected one version: make release VERSION=1.2.3", file=sys.stderr)
        return 2
    try:
        print(release(sys.argv[1]))
    except WheelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
