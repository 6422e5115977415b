"""Find what the generator cannot express before it runs, and say which overlay action to add."""

from typing import Any

from attrs import frozen
from openapi_python_client.parser.errors import GeneratorError


@frozen
class Obstacle:
    """One thing the generator would drop code for, with the overlay action that removes it."""

    target: str
    action: str


def obstacles(document: dict[str, Any]) -> list[Obstacle]:
    return []


def advice_for(error: GeneratorError, *, document: dict[str, Any]) -> str:
    return f"{error.header}\n{error.detail}\n{error.data}"
