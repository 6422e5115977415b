"""Read documents of the contract: the vendored one, which every installation has, or one at a path or a URL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import InvalidInput, MissingExtra

__all__ = ["PUBLISHED", "NoContract", "overlay_library", "read", "vendored"]

PUBLISHED = "https://quantum.cloud.ibm.com/api/openapi.json"
"""Where the service publishes its contract."""

BY_HAND = "Download it in a browser and pass its path."
TURNED_AWAY = (401, 403, 429, 503)
TIMEOUT_SECONDS = 30.0


class NoContract(InvalidInput):
    """There is no OpenAPI document at a path or URL, or it cannot be read; the message says what to do."""


@cache
def vendored() -> Mapping[str, Any]:
    """The contract that this release was made for, as the service published it. It is shared: do not change it."""
    text = resources.files("qiskit_runtime_api").joinpath("openapi.json").read_text("utf-8")
    content: Mapping[str, Any] = json.loads(text)
    return content


def read(spec: str) -> dict[str, Any]:
    """Read a contract from a path or a URL, JSON or (from a path) YAML.

    Raises:
        NoContract: there is none, or the server refuses it.
        MissingExtra: it is YAML, which needs an extra.
    """
    content = _downloaded(spec) if spec.startswith(("http://", "https://")) else _from_file(Path(spec))
    if not isinstance(content, dict):
        raise NoContract(f"{spec} contains a {type(content).__name__}, not an OpenAPI document")
    if not isinstance(content.get("paths"), dict) or "openapi" not in content:
        raise NoContract(f"{spec} is not an OpenAPI 3 document: it has no `openapi` version or no `paths`")
    return content


def overlay_library(purpose: str) -> Any:
    """The module that reads YAML and applies overlays. Raises: MissingExtra, naming the purpose."""
    try:
        import oas_patch  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise MissingExtra(purpose, extra="contract", module=error.name) from None
    return oas_patch


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise NoContract(f"{path}: no such file. Pass a path or a URL, such as {PUBLISHED}")
    try:
        if path.suffix in (".yaml", ".yml"):
            return overlay_library("reading a contract in YAML").load_file(str(path))
        return _json(path.read_text("utf-8"), str(path))
    except (OSError, ValueError) as error:
        raise error if isinstance(error, NoContract) else NoContract(f"{path} cannot be read: {error}") from error


def _downloaded(url: str) -> Any:
    from qiskit_runtime_api.http_library import httpx

    try:
        response = httpx.get(
            url, follow_redirects=True, headers={"Accept": "application/json"}, timeout=TIMEOUT_SECONDS
        )
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:  # the last two: proxy, certificates
        raise NoContract(f"{url} cannot be fetched: {error}. {BY_HAND}") from error
    if response.status_code in TURNED_AWAY:
        raise NoContract(
            f"{url} answers {response.status_code}: the content network in front of it turns scripts away. {BY_HAND}"
        )
    if not response.is_success:
        raise NoContract(f"{url} answers {response.status_code}. {BY_HAND}")
    return _json(response.text, url)


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoContract(f"{where} is not JSON: {error}. {BY_HAND}") from error
