"""The contract of each API version, and the corrections of its known errors.

The vendored document describes the newest version. The overlays (OpenAPI Overlay 1.0) in `version_overlays` turn it
into the contract of another one. Each gives its reasons and, in its `info`, the versions that it applies to: `x-since`
and `x-until`, both inclusive.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..config.api_versions import SUNSETS
from ..errors import InvalidInput
from .sources import overlay_library, vendored

__all__ = ["apply_overlay", "contract_of", "corrected", "corrected_contract_of", "corrections", "vendored"]

OVERLAYS = Path(__file__).with_name("version_overlays")
CORRECTIONS = Path(__file__).with_name("corrections.yaml")
PURPOSE = "the contract of an API version"


@cache
def contract_of(version: str) -> Mapping[str, Any]:
    """The contract of an API version. It is shared: do not change it.

    Raises:
        InvalidInput: this release does not know the version.
        MissingExtra: the library for overlays is not installed.
    """
    if version not in SUNSETS:
        raise InvalidInput(f"{version!r}: no API version that this release knows; it knows {', '.join(SUNSETS)}.")
    document = copy.deepcopy(dict(vendored()))
    document["info"] = {**document["info"], "version": version}
    for path in sorted(OVERLAYS.glob("*.yaml")):
        overlay = _overlay(path)
        if overlay["info"].get("x-since", version) <= version <= overlay["info"].get("x-until", version):
            apply_overlay(overlay, document)
    return document


def corrected(contract: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a contract with `corrections` applied: what responses are checked against.

    Raises:
        MissingExtra: the library for overlays is not installed.
    """
    document = copy.deepcopy(dict(contract))
    apply_overlay(_overlay(CORRECTIONS), document)
    return document


def corrected_contract_of(version: str) -> Mapping[str, Any]:
    """The contract of an API version, corrected. Raises: as `contract_of`."""
    return corrected(contract_of(version))


def corrections() -> list[dict[str, Any]]:
    """The corrections of the contract: actions of an overlay, with the contract's own words in `x-says`."""
    actions: list[dict[str, Any]] = copy.deepcopy(_overlay(CORRECTIONS)["actions"])
    return actions


def apply_overlay(overlay: Mapping[str, Any], document: dict[str, Any]) -> None:
    """Apply an overlay to a document in place. Raises: MissingExtra."""
    # An update is merged into the document by reference; the overlay must stay as it is.
    overlay_library(PURPOSE).apply_overlay(document, copy.deepcopy(dict(overlay)))


@cache
def _overlay(path: Path) -> Mapping[str, Any]:
    overlay: Mapping[str, Any] = overlay_library(PURPOSE).load_file(str(path))
    return overlay
