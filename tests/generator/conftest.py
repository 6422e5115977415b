"""Copies of the generator's inputs, so that no test changes the repository's files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.generate import REPOSITORY, Layout, generate

Document = dict[str, Any]


@pytest.fixture(scope="session")
def contract() -> Document:
    """The vendored contract; treat as read-only."""
    document: Document = json.loads(REPOSITORY.contract.read_text("utf-8"))
    return document


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """The generator's inputs in a folder of their own, the package not generated."""
    return copy_inputs(tmp_path / "repository")


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A copy of the inputs with the package generated from them, over an older one; treat as read-only."""
    layout = copy_inputs(tmp_path_factory.mktemp("generated"))
    stale = layout.package / "models" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    generate(layout, package=layout.package)
    return layout


def copy_inputs(root: Path) -> Layout:
    root.mkdir(exist_ok=True)
    for source in (REPOSITORY.contract, REPOSITORY.overlay, REPOSITORY.config):
        shutil.copyfile(source, root / source.name)
    shutil.copytree(REPOSITORY.templates, root / REPOSITORY.templates.name)
    return Layout(root=root)


@pytest.fixture
def change(layout: Layout) -> Callable[[Callable[[Document], None]], Layout]:
    """Change the copied contract in place by a function."""

    def apply(edit: Callable[[Document], None]) -> Layout:
        document = json.loads(layout.contract.read_text("utf-8"))
        edit(document)
        layout.contract.write_text(json.dumps(document), encoding="utf-8")
        return layout

    return apply
