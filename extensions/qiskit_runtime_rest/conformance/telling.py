"""What is said of a failure: all of it or, where answers are somebody's own, nothing that stood in the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from schemathesis.core.failures import CustomFailure, Failure
from schemathesis.openapi.checks import JsonSchemaError, UndefinedStatusCode

from ..contract.answer_check import JSON_TYPES
from ..contract.sources import vendored
from ..errors import ApiError, RuntimeRestError

__all__ = ["Tell", "in_full", "without_answers"]

Tell = Callable[[Exception], str]

LONGEST_EXPECTATION = 60
"""Letters of what the contract expects."""


def in_full(error: Exception) -> str:
    """All that is known, with the values that are wrong."""
    return error.message if isinstance(error, Failure) else str(error)


def without_answers(error: Exception) -> str:
    """What is wrong in words of the contract and our own: of the answer only its status, and where and how it errs."""
    return next((tell(error) for kind, tell in _TOLD.items() if isinstance(error, kind)), type(error).__name__)


def _against_schema(failure: JsonSchemaError) -> str:
    keyword = str(failure.schema_path[-1]) if failure.schema_path else "the schema"
    expected = failure.schema.get(keyword)
    found = failure.instance
    if keyword == "type":
        what = f"is {JSON_TYPES.get(type(found), 'something else')}, not {expected}"
    elif keyword == "required" and isinstance(expected, list) and isinstance(found, dict):
        what = f"has no {', '.join(name for name in expected if name not in found)}"
    else:
        what = f"does not fit {keyword}: {json.dumps(expected)[:LONGEST_EXPECTATION]}"
    return f"{_place(failure.instance_path)} {what}"


def _place(path: list[str | int]) -> str:
    """A place in an answer; names that are none of the contract's are values themselves, and left out."""
    known = _names()
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" if step in known else ".*" for step in path]
    return "".join(["$", *steps])


@cache
def _names() -> frozenset[str]:
    def named(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            properties = part.get("properties")
            yield from properties if isinstance(properties, dict) else ()
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from named(inner)

    return frozenset(named(vendored()))


# The first kind that fits counts. The messages of our own checks, and those of our own errors, quote no answer, but for
# those that pass on what the service said.
_TOLD: Mapping[type[Exception], Callable[[Any], str]] = {
    JsonSchemaError: _against_schema,
    UndefinedStatusCode: lambda failure: failure.message,
    CustomFailure: lambda failure: failure.message,
    Failure: lambda failure: failure.title,
    ApiError: lambda error: f"{error.method} {error.url} was answered {error.status}.",
    RuntimeRestError: str,
}
