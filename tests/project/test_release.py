"""`make release`: what stops it, and what it does, in a repository of its own and without building."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools import release as release_tool
from tools.release import git, obstacles, release
from tools.wheel import VERSION_FILE, WheelError, current_version, release_date

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2027-01-31\n\n- Something.\n\n## [1.0.0] - 2027-01-01\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean repository at version 1.0.0, whose changelog has the part for 1.1.0."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "a")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.com")
    root = tmp_path / "project"
    (root / VERSION_FILE).parent.mkdir(parents=True)
    (root / VERSION_FILE).write_text('"""Doc."""\n\n__version__ = "1.0.0"\n')
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    (root / "pyproject.toml").write_text("[project]\n")
    (root / ".gitignore").write_text("/dist/\n")
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    git(root, "tag", "v1.0.0")
    return root


def built(root: Path) -> tuple[Path, ...]:
    assert current_version(root) == "1.1.0"
    return (root / "dist" / "a.whl",)


def test_a_release_sets_the_version_commits_and_tags_and_says_what_is_next(root: Path) -> None:
    text = release("1.1.0", root, build=built)
    assert current_version(root) == "1.1.0"
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "log", "-1", "--format=%s") == "Release 1.1.0"
    assert git(root, "rev-parse", "v1.1.0^{commit}") == git(root, "rev-parse", "HEAD")
    assert "uv publish dist/a.whl" in text
    assert "git push --follow-tags" in text


def test_placeholders_are_reported_before_the_upload(root: Path) -> None:
    assert "placeholders" not in release("1.1.0", root, build=built)
    (root / "pyproject.toml").write_text('urls = ["https://example.com"]\n')
    git(root, "commit", "--quiet", "--all", "--message", "urls")
    git(root, "tag", "--delete", "v1.1.0")
    assert "real authors and URLs" in release("1.1.0", root, build=built)


def test_the_first_release_may_keep_the_version_in_the_file(root: Path) -> None:
    git(root, "tag", "--delete", "v1.0.0")
    before = git(root, "rev-parse", "HEAD")
    release("1.0.0", root, build=lambda root: ())
    assert git(root, "rev-parse", "v1.0.0^{commit}") == before


def test_a_failed_build_leaves_everything_as_before(root: Path) -> None:
    def fails(root: Path) -> tuple[Path, ...]:
        raise WheelError("no")

    with pytest.raises(WheelError, match=r"^no$"):
        release("1.1.0", root, build=fails)
    assert current_version(root) == "1.0.0"
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "tag", "--list") == "v1.0.0"


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("1.1", "expected a version such as 1.2.3"),
        ("v1.1.0", "expected a version such as 1.2.3"),
        ("0.9.0", "older than the current version, 1.0.0"),
        ("1.0.0", "The tag v1.0.0 exists already"),
        ("1.2.0", r"no heading `## \[1.2.0\] - YYYY-MM-DD`"),
    ],
)
def test_a_version_that_cannot_be_released_is_refused(root: Path, version: str, reason: str) -> None:
    with pytest.raises(WheelError, match=reason):
        release(version, root, build=built)
    assert current_version(root) == "1.0.0"


def test_changes_that_are_not_committed_stop_a_release(root: Path) -> None:
    (root / "new.py").touch()
    assert list(obstacles("1.1.0", root)) == ["The tree has changes that are not committed: commit or stash them."]


def test_entries_that_are_still_unreleased_stop_a_release(root: Path) -> None:
    file = root / "CHANGELOG.md"
    file.write_text(file.read_text().replace("## [Unreleased]\n", "## [Unreleased]\n\n- More.\n"))
    git(root, "commit", "--quiet", "--all", "--message", "more")
    (reason,) = obstacles("1.1.0", root)
    assert "still has entries below `Unreleased`" in reason


def test_the_date_of_a_version_is_that_of_its_heading(root: Path) -> None:
    assert str(release_date("1.1.0", root)) == "2027-01-31"
    assert release_date("1.1", root) is None


def test_it_takes_one_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["release"])
    assert release_tool.main() == 2
    assert "make release VERSION=1.2.3" in capsys.readouterr().err
