"""Generate qiskit_runtime_api from the vendored contract.

`python -m tools.generate` rewrites generated/qiskit_runtime_api; with `--check` it only compares.
"""

import argparse
import contextlib
import filecmp
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from openapi_python_client import Project
from openapi_python_client.config import ClassOverride, Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError

from qiskit_runtime_rest.contract.document import Document
from qiskit_runtime_rest.contract.sources import NoContract, read
from tools.overlay import load_overlay, prepare
from tools.preflight import advice_for, obstacles

PACKAGE = "qiskit_runtime_api"


class GenerationError(RuntimeError):
    """The contract cannot be generated from as it is; the message says what to change."""


@frozen
class Layout:
    """Where the generator's inputs and outputs are: all below one root, so that tests can use a copy."""

    root: Path

    @property
    def contract(self) -> Path:
        """The vendored document, as published."""
        return self.root / "openapi.json"

    @property
    def overlay(self) -> Path:
        """Every deviation the generator needs."""
        return self.root / "openapi-overlay.yaml"

    @property
    def config(self) -> Path:
        """openapi-python-client's configuration."""
        return self.root / "generator-config.yaml"

    @property
    def templates(self) -> Path:
        """The generator's templates that are overridden."""
        return self.root / "templates"

    @property
    def prepared(self) -> Path:
        """The contract with the overlay applied: a build product."""
        return self.root / "build" / "openapi-prepared.json"

    @property
    def package(self) -> Path:
        """The generated package, committed."""
        return self.root / "generated" / PACKAGE


REPOSITORY = Layout(root=Path(__file__).resolve().parents[1])


def generate(layout: Layout, *, package: Path) -> int:
    """Write the package of a layout's contract to `package`, in place of what is there.

    Returns the number of operations.

    Raises:
        GenerationError: the contract needs another overlay action, or an action does not match anything any more.
        NoContract: the contract cannot be read.
    """
    contract = read(str(layout.contract))
    prepared = prepare(contract, overlay=load_overlay(layout.overlay))
    if prepared.unmatched:
        lines = "\n".join(f"  {unmatched}" for unmatched in prepared.unmatched)
        raise GenerationError(
            f"{layout.overlay.name} no longer fits {layout.contract.name}:\n{lines}\n"
            "Remove these actions, or correct their targets."
        )
    if found := obstacles(prepared.document):
        raise GenerationError(
            f"{layout.contract.name} has {len(found)} thing(s) that openapi-python-client cannot generate. "
            f"Add to {layout.overlay.name}:\n\n" + "\n".join(map(str, found))
        )
    layout.prepared.parent.mkdir(parents=True, exist_ok=True)
    layout.prepared.write_text(json.dumps(prepared.document, indent=1) + "\n", encoding="utf-8")

    # Next to its place, so that a failed generation leaves the old package alone.
    package.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=package.parent, prefix=".generating-") as scratch:
        fresh = Path(scratch) / PACKAGE
        errors = _run_generator(prepared.document, layout=layout, package=fresh)
        if errors:
            raise GenerationError(
                f"openapi-python-client has {len(errors)} warning(s) or error(s):\n\n"
                + "\n\n".join(advice_for(error) for error in errors)
            )
        _finish(fresh, contract=contract, templates=layout.templates)
        expected = [operation.id for operation in Document(prepared.document).operations()]
        _require_all(expected, package=fresh)
        shutil.rmtree(package, ignore_errors=True)
        fresh.rename(package)
    return len(expected)


def _run_generator(document: dict[str, Any], *, layout: Layout, package: Path) -> Sequence[GeneratorError]:
    config = Config.from_sources(
        ConfigFile.load_from_path(layout.config),
        meta_type=MetaType.NONE,
        document_source=layout.prepared,
        file_encoding="utf-8",
        overwrite=False,
        output_path=package,
    )
    overrides = config.class_overrides = _NotedLookups(config.class_overrides)
    data = GeneratorData.from_dict(document, config=config)
    if isinstance(data, GeneratorError):
        return [data]
    collections = data.endpoint_collections_by_tag.values()
    if errors := [*(error for each in collections for error in each.parse_errors), *data.errors]:
        return errors
    if unused := sorted(overrides.keys() - overrides.noted):
        raise GenerationError(f"{layout.config.name}: class_overrides match nothing any more: {', '.join(unused)}")
    project = Project(openapi=data, config=config)
    stock = PackageLoader("openapi_python_client")
    project.env.loader = ChoiceLoader([FileSystemLoader(layout.templates), PrefixLoader({"stock": stock}), stock])
    project.env.filters["swap"] = swap
    project.env.globals["deprecations"] = deprecations(document)
    project.env.globals["null_answers"] = null_answers(document)
    with contextlib.redirect_stdout(io.StringIO()), _tools_on_path():
        return project.build()


class _NotedLookups(dict[str, ClassOverride]):
    """A table that records which of its keys were looked up."""

    def __init__(self, table: dict[str, ClassOverride]) -> None:
        super().__init__(table)
        self.noted: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """Look a key up, as a dict does."""
        self.noted.add(key)
        return super().get(key, default)


def deprecations(document: dict[str, Any]) -> dict[str, str]:
    """The warning of each deprecated operation: what its description says after `Deprecated:`."""
    found = {}
    for operation in Document(document).operations():
        if operation.content.get("deprecated"):
            _, _, why = operation.content.get("description", "").partition("Deprecated: ")
            found[operation.id] = f"{operation.id} is deprecated: {why or 'the contract gives no reason.'}"
    return found


def null_answers(document: dict[str, Any]) -> set[str]:
    """The operations whose whole answer may be null, as the overlay marks them."""
    return {operation.id for operation in Document(document).operations() if operation.content.get("x-null-answer")}


def swap(text: str, pattern: str, replacement: str) -> str:
    """Replace the matches of a regular expression in a stock template's output; no match is an error.

    It is a Jinja filter for templates/: an override contains only its difference from the stock template, and the
    error reveals a release of the generator whose template changed.
    """
    swapped, count = re.subn(pattern, replacement, text)
    if not count:
        raise GenerationError(f"templates/ expects {pattern!r} in the generator's own template, which lacks it")
    return swapped


@contextlib.contextmanager
def _tools_on_path() -> Any:
    """Let post hooks find ruff beside this Python, even if its environment is not activated."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _finish(package: Path, *, contract: dict[str, Any], templates: Path) -> None:
    """Add headers, and what the generator does not write: the HTTP library, the type marker, the contract."""
    shutil.copy(templates / "http_library.py", package)
    info = contract["info"]
    header = (
        f"# Generated by `make generate` from openapi.json ({info['title']}, version {info['version']})\n"
        "# and openapi-overlay.yaml. Do not edit: change those, the templates or the configuration.\n\n"
    )
    for module in sorted(package.rglob("*.py")):
        module.write_text(header + module.read_text(encoding="utf-8"), encoding="utf-8")
    (package / "py.typed").write_text("", encoding="utf-8")
    compact = json.dumps(contract, ensure_ascii=False, separators=(",", ":"))
    (package / "openapi.json").write_text(compact + "\n", encoding="utf-8")


def _require_all(expected: Sequence[str], *, package: Path) -> None:
    generated = {path.stem for path in package.glob("api/*/*.py")} - {"__init__"}
    if missing := [operation for operation in expected if operation not in generated]:
        raise GenerationError(f"no module was generated for: {', '.join(missing)}")


def differing(one: Path, *, other: Path) -> list[str]:
    """List the files, relative to the folders, that differ between them."""
    names = {
        path.relative_to(folder)
        for folder in (one, other)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    _, mismatch, missing = filecmp.cmpfiles(one, other, [str(name) for name in names], shallow=False)
    return sorted([*mismatch, *missing])


def check(layout: Layout) -> list[str]:
    """List the files of the committed package that differ from what the contract generates."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / PACKAGE
        generate(layout, package=fresh)
        return differing(layout.package, other=fresh)


def main(arguments: Sequence[str] | None = None, *, layout: Layout = REPOSITORY) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the committed package, change nothing")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            if stale := check(layout):
                print(f"generated/{PACKAGE} is not what the contract generates; run `make generate`:")
                print("\n".join(f"  {name}" for name in stale))
                return 1
            print(f"generated/{PACKAGE} is what the contract generates")
            return 0
        count = generate(layout, package=layout.package)
    except (GenerationError, NoContract, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{count} operations, 0 warnings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
