"""Replace the vendored contract by a newer one, and show what changes.

`python -m tools.vendor` fetches the published document; `python -m tools.vendor SPEC` takes a path or another URL.
The descriptions, examples and links of what stayed are kept. Overlay actions that need no decision are added to the
overlay, and build/drift.md says what the changes mean to this client.
"""

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from referencing.exceptions import Unresolvable

from qiskit_runtime_rest.client.operations import OPERATIONS
from qiskit_runtime_rest.contract import Change, Kind, compare
from qiskit_runtime_rest.contract.document import Document
from qiskit_runtime_rest.contract.drift import as_markdown, drift
from qiskit_runtime_rest.contract.sources import PUBLISHED, NoContract, read
from tools.generate import REPOSITORY, GenerationError, Layout
from tools.overlay import OverlayError, load_overlay, prepare
from tools.preflight import Obstacle, obstacles
from tools.words import undescribed, with_words_of

ADDED = "\n  # Added by `make vendor`: move each action to its section\n"


class VendorError(RuntimeError):
    """The document cannot be used; the message says why."""


def violations(document: dict[str, Any]) -> list[str]:
    """List the violations of the OpenAPI version that a document claims.

    Raises:
        VendorError: it refers to something that it does not define.
    """
    validator = OpenAPIV30SpecValidator if str(document["openapi"]).startswith("3.0") else OpenAPIV31SpecValidator
    try:
        return [_sentence(error) for error in validator(document).iter_errors()]
    except Unresolvable as error:
        raise VendorError(f"the contract refers to {error.ref}, which it does not define") from error


def _sentence(error: Any) -> str:
    place = ".".join(str(step) for step in error.absolute_path)
    # The validator quotes the whole part of the document, which helps less than its place.
    message = error.message if len(error.message) <= 160 else "not valid, or something below it is not"
    return f"{place}: {message}" if place else str(message)


def report(changes: Sequence[Change]) -> Iterator[str]:
    """Write changes operation by operation: the breaking ones marked, the cosmetic ones only counted."""
    for operation, group in itertools.groupby(changes, key=lambda change: change.operation):
        own = list(group)
        yield operation or "the document"
        for change in own:
            if change.kind is not Kind.COSMETIC:
                mark = "! BREAKING" if change.kind is Kind.BREAKING else "+"
                yield f"  {mark} {': '.join(part for part in (change.location, change.message) if part)}"
        if cosmetic := sum(change.kind is Kind.COSMETIC for change in own):
            yield f"  . {cosmetic} cosmetic"
    counts = ", ".join(f"{sum(change.kind is kind for change in changes)} {kind}" for kind in Kind)
    yield f"{len(changes)} changes: {counts}"


def write(document: Mapping[str, Any], *, path: Path) -> None:
    """Replace a file in one step, even a read-only one."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as fresh:
        fresh.write(text)
    Path(fresh.name).chmod(0o644)
    Path(fresh.name).replace(path)


def vendor(spec: str, *, layout: Layout) -> Iterator[str]:
    """Replace a layout's contract by the document at `spec`; yields the lines to print.

    Raises:
        NoContract: the document cannot be read; the contract is left alone.
        VendorError: it cannot be used; likewise.
    """
    current = read(str(layout.contract))
    document = with_words_of(current, read(spec))
    known = set(violations(current))
    for violation in violations(document):
        if violation not in known:
            yield f"not valid OpenAPI {document['openapi']}: {violation}"
    yield from report(compare(current, document))

    overlay = load_overlay(layout.overlay)
    prepared = prepare(document, overlay=overlay)
    page = _page(current, document, spec)
    write(document, path=layout.contract)
    yield f"{layout.contract.name} replaced: {len(list(Document(document).operations()))} operations"
    if missing := list(undescribed(document)):
        yield f"{layout.contract.name}: describe these {len(missing)}, in the document itself:"
        yield from (f"  {pointer}" for pointer in missing)
    if prepared.unmatched:
        yield f"{layout.overlay.name}: remove these actions, or correct their targets:"
        yield from (f"  {unmatched}" for unmatched in prepared.unmatched)
    found = [*obstacles(prepared.document), *_long_names(current, prepared.document)]
    if clear := [obstacle for obstacle in found if obstacle.is_clear]:
        _append(clear, path=layout.overlay)
        yield f"{layout.overlay.name}: added, so that everything generates (move each to its section):"
        yield from map(str, clear)
    if unclear := [obstacle for obstacle in found if not obstacle.is_clear]:
        yield f"{layout.overlay.name}: add, so that everything generates:"
        yield from map(str, unclear)
    path = layout.prepared.with_name("drift.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    yield f"{path.relative_to(layout.root)}: what the changes mean to this client"
    yield "Next: make generate"


def _page(current: dict[str, Any], document: dict[str, Any], spec: str) -> str:
    name = spec.rstrip("/").rpartition("/")[2]
    return as_markdown(
        drift(current, document, uses=OPERATIONS),
        old=current["info"]["version"],
        new=f"{document['info']['version']} ({name})",
    )


def _long_names(current: Mapping[str, Any], prepared: Mapping[str, Any]) -> Iterator[Obstacle]:
    """Yield an action for each new schema whose name ends in `Model`: the class needs no such suffix."""
    known = current.get("components", {}).get("schemas", {})
    schemas = prepared.get("components", {}).get("schemas", {})
    for name, schema in schemas.items():
        short = name.removesuffix("Model")
        if short not in (name, "") and name not in known and "title" not in schema and short not in schemas:
            yield Obstacle(f"$.components.schemas.{name}", "Without Model.", f"update: {{title: {short}}}")


def _append(actions: Sequence[Obstacle], *, path: Path) -> None:
    text = path.read_text("utf-8").rstrip("\n") + "\n"
    path.write_text(text + ADDED + "".join(f"{action}\n" for action in actions), encoding="utf-8")


def main(arguments: Sequence[str] | None = None, *, layout: Layout = REPOSITORY) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.vendor", description=__doc__)
    parser.add_argument("spec", nargs="?", default=PUBLISHED, help="a path or URL (default: the published document)")
    options = parser.parse_args(arguments)
    try:
        for line in vendor(options.spec or PUBLISHED, layout=layout):
            print(line)
    except (NoContract, VendorError, GenerationError, OverlayError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
