"""Apply openapi-overlay.yaml, and tell which of its actions no longer match the contract."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonpath_ng
import oas_patch  # type: ignore[import-untyped]
from attrs import frozen
from jsonpath_ng.ext.parser import parse


class OverlayError(ValueError):
    """The overlay is not a valid OpenAPI Overlay, or no longer fits the contract."""


@frozen
class Unmatched:
    """An action, or a name in its target, that matches nothing in the contract."""

    number: int
    target: str
    description: str
    missing: str
    """The name that is missing, or nothing when the whole target matches nothing."""

    def __str__(self) -> str:
        """Say which action and what of it."""
        what = f"`{self.missing}` of `{self.target}`" if self.missing else f"`{self.target}`"
        return f"action {self.number}: {what} matches nothing ({self.description})"


@frozen
class Prepared:
    """The contract with the overlay applied, and what of the overlay no longer applies."""

    document: dict[str, Any]
    unmatched: tuple[Unmatched, ...]


def load_overlay(path: Path) -> dict[str, Any]:
    """Read an overlay file and check it against the Overlay 1.0 schema.

    Raises:
        OverlayError: If it does not fit that schema, or an action gives no reason.
    """
    overlay = cast(dict[str, Any], oas_patch.load_file(str(path)))
    verdict = oas_patch.validate(overlay, "log")
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
        # An update is merged into the document by reference; the overlay has to stay as it is.
        oas_patch.apply_overlay(prepared, {"actions": [copy.deepcopy(action)]})
    return Prepared(document=prepared, unmatched=tuple(unmatched))


def _missing_names(document: dict[str, Any], *, target: str) -> list[str]:
    """Name what a target asks for and the document lacks; an empty name stands for all of it."""
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
