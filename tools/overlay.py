"""Apply openapi-overlay.yaml, and list its actions that no longer match the contract."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonpath_ng
from attrs import frozen
from jsonpath_ng.ext.parser import parse

from qiskit_runtime_rest.contract.sources import overlay_library
from qiskit_runtime_rest.contract.versions import apply_overlay


class OverlayError(ValueError):
    """The overlay is not a valid OpenAPI Overlay, or no longer fits the contract."""


@frozen
class Unmatched:
    """An action, or a name in its target, that matches nothing in the contract."""

    number: int
    target: str
    description: str
    missing: str
    """The missing name; empty if the whole target matches nothing."""

    def __str__(self) -> str:
        """The action, and the part of it that matches nothing."""
        what = f"`{self.missing}` of `{self.target}`" if self.missing else f"`{self.target}`"
        return f"action {self.number}: {what} matches nothing ({self.description})"


@frozen
class Prepared:
    """The contract with the overlay applied, and the parts of the overlay that match nothing."""

    document: dict[str, Any]
    unmatched: tuple[Unmatched, ...]


def load_overlay(path: Path) -> dict[str, Any]:
    """Read an overlay file and check it against the Overlay 1.0 schema.

    Raises:
        OverlayError: it does not fit that schema, or an action has no reason.
    """
    library = overlay_library("an overlay")
    overlay = cast(dict[str, Any], library.load_file(str(path)))
    verdict = library.validate(overlay, "log")
    if "[ERROR]" in verdict:
        raise OverlayError(f"{path.name} is not a valid OpenAPI Overlay:\n{verdict}")
    for number, action in enumerate(overlay["actions"], start=1):
        if not action.get("description"):
            raise OverlayError(f"{path.name}, action {number} (`{action['target']}`): say why, in `description`")
    return overlay


def prepare(document: dict[str, Any], *, overlay: dict[str, Any]) -> Prepared:
    """Apply an overlay to a copy of a document, one action after the other."""
    prepared = copy.deepcopy(document)
    unmatched: list[Unmatched] = []
    for number, action in enumerate(overlay["actions"], start=1):
        target = action["target"]
        unmatched += [
            Unmatched(number=number, target=target, description=action["description"], missing=missing)
            for missing in _missing_names(prepared, target=target)
        ]
        apply_overlay({"actions": [action]}, prepared)
    return Prepared(document=prepared, unmatched=tuple(unmatched))


def _missing_names(document: dict[str, Any], *, target: str) -> list[str]:
    """The names in a target that the document lacks; an empty name stands for the whole target."""
    path = parse(target)
    matches = path.find(document)
    if not matches:
        return [""]
    found = {name for match in matches for name in _names(match.full_path)}
    return [name for name in _names(path) if name not in found and name != "*"]


def _names(path: Any) -> Iterator[str]:
    if isinstance(path, jsonpath_ng.Fields):
        yield from path.fields
    elif isinstance(path, jsonpath_ng.Child | jsonpath_ng.Descendants):
        yield from _names(path.left)
        yield from _names(path.right)
