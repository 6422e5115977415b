"""The contract as a document: the vendored one, and that of each API version.

The vendored document describes the newest version. What was different in older ones, or is no longer served in newer
ones, is told by the overlays (OpenAPI Overlay 1.0) in `version_overlays`: each has its reasons in it, and the versions
that it belongs to, in its `info`, as `x-since` and `x-until`, both inclusive.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ..config.api_versions import SUNSETS
from ..errors import InvalidInput, MissingExtra

__all__ = ["contract_of", "corrected", "corrected_contract_of", "corrections", "vendored"]

OVERLAYS = Path(__file__).with_name("version_overlays")
CORRECTIONS = Path(__file__).with_name("corrections.yaml")


@cache
def vendored() -> Mapping[str, Any]:
    """The contract that this release was made for, as the service published it. Not to be changed: it is shared."""
    content: Mapping[str, Any] = json.loads(
        resources.files("qiskit_runtime_api").joinpath("openapi.json").read_text("utf-8")
    )
    return content


@cache
def contract_of(version: str) -> Mapping[str, Any]:
    """The contract of an API version. Not to be changed: it is shared.

    Raises:
        InvalidInput: this release knows no such version.
        MissingExtra: what applies overlays is not installed.
    """
    if version not in SUNSETS:
        raise InvalidInput(f"{version!r} is no API version that this release knows: {', '.join(SUNSETS)}.")
    document = copy.deepcopy(dict(vendored()))
    document["info"] = {**document["info"], "version": version}
    for path in sorted(OVERLAYS.glob("*.yaml")):
        overlay = _overlay(path)
        if overlay["info"].get("x-since", version) <= version <= overlay["info"].get("x-until", version):
            _apply(overlay, document)
    return document


def corrected(contract: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a contract as answers keep it: without what it tells itself is wrong in it.

    Raises:
        MissingExtra: what applies overlays is not installed.
    """
    document = copy.deepcopy(dict(contract))
    _apply(_overlay(CORRECTIONS), document)
    return document


def corrected_contract_of(version: str) -> Mapping[str, Any]:
    """The contract of an API version, corrected. Raises: as `contract_of`."""
    return corrected(contract_of(version))


def corrections() -> list[dict[str, Any]]:
    """What is wrong in the contract: actions of an overlay, with the contract's words in `x-says`."""
    actions: list[dict[str, Any]] = copy.deepcopy(_overlay(CORRECTIONS)["actions"])
    return actions


@cache
def _overlay(path: Path) -> Mapping[str, Any]:
    overlay: Mapping[str, Any] = _oas_patch().load_file(str(path))
    return overlay


def _apply(overlay: Mapping[str, Any], document: dict[str, Any]) -> None:
    # An update is merged into the document by reference; the overlay has to stay as it is.
    _oas_patch().apply_overlay(document, copy.deepcopy(dict(overlay)))


def _oas_patch() -> Any:
    try:
        import oas_patch  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise MissingExtra("the contract of an API version", extra="contract", module=error.name) from None
    return oas_patch
