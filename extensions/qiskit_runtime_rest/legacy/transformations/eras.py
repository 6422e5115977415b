"""The two eras of the classic API: the first one wrote camelCase, and params as JSON texts."""

from __future__ import annotations

import json
from typing import Any

from ..call import Call
from ..errors import INVALID_INPUT, ClassicError

__all__ = ["camel_case", "era_body", "is_oldest_form", "snake_case"]


def is_oldest_form(body: Any) -> bool:
    """Whether a job's body was written for the API of 2021."""
    return isinstance(body, dict) and ("programId" in body or isinstance(body.get("params"), list))


async def era_body(call: Call) -> None:
    """Bring the body of a job into the form of 2023."""
    body = call.fields()
    for name in [name for name in body if name != snake_case(name)]:
        call.note(name, f"is {snake_case(name)} now")
        body[snake_case(name)] = body.pop(name)
    params = body.get("params")
    if isinstance(params, list):
        call.note("params", "was a list of JSON texts; it is an object now")
        body["params"] = _joined(params)
    elif isinstance(params, str):
        call.note("params", "was a JSON text; it is an object now")
        body["params"] = _joined([params])


def _joined(texts: list[Any]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for text in texts:
        try:
            part = json.loads(text) if isinstance(text, str) else text
        except ValueError as error:
            raise ClassicError(INVALID_INPUT, f"params: not JSON ({error}).") from None
        if not isinstance(part, dict):
            raise ClassicError(INVALID_INPUT, "params: each text has to be a JSON object.")
        params |= part
    return params


def snake_case(name: str) -> str:
    """`programId` as `program_id`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def camel_case(value: Any) -> Any:
    """Plain Python with the keys of objects in camelCase, at every depth."""
    if isinstance(value, dict):
        return {_camel(key): camel_case(item) for key, item in value.items()}
    return [camel_case(item) for item in value] if isinstance(value, list) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
