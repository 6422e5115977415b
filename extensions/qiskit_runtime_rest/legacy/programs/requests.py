"""Read requests about programs, and check them against the classic document. Every error names the field."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import validator_for

from ..messages import BODY_TOO_LARGE, INVALID_INPUT, ClassicError, ClassicRequest, read_json, split_tags
from ..table import document

__all__ = ["TEXTS_OF_2021", "check", "read_filters", "read_metadata", "read_text", "read_upload"]

MOST_BYTES = 8 * 2**20
"""The largest body. The classic service documented no limit; programs are source texts."""

MOST_SPEC_CHARACTERS = 2**16
"""The longest spec as JSON, because the check takes time."""

LONGEST_MESSAGE = 300
TEXTS_OF_2021 = {
    "backend_requirements": "backendRequirements",
    "parameters": "parameters",
    "return_values": "returnValues",
    "interim_results": "interimResults",
}
"""The parts of a spec, and the fields of the oldest form that held them as JSON texts."""

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def read_upload(request: ClassicRequest, *, era: str) -> dict[str, Any]:
    """The body of an upload: `ProgramUpload` of the document, with its defaults.

    Raises:
        ClassicError: 400, naming the field; 413.
    """
    body = _described(request, "ProgramUpload", era=era)
    body["data"] = _base64_of(body["data"])
    fields = document()["components"]["schemas"]["ProgramUpload"]["properties"]
    return {name: field["default"] for name, field in fields.items() if "default" in field} | body


def read_metadata(request: ClassicRequest, *, era: str) -> dict[str, Any]:
    """The body of an update: `ProgramUpdate` of the document.

    Raises:
        ClassicError: 400, naming the field; 413.
    """
    return _described(request, "ProgramUpdate", era=era)


def read_text(request: ClassicRequest) -> str:
    """A program's new text, in base64: the body itself, as clients sent it, or `data` of a JSON object.

    Raises:
        ClassicError: 400; 413.
    """
    _check_size(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        body = read_json(request.body)
    else:
        body = {"data": request.body.decode("utf-8", "replace")}
    _check(_validator("ProgramData"), body)
    return _base64_of(body["data"])


def read_filters(request: ClassicRequest) -> dict[str, Any]:
    """The query of a list, with the document's defaults. Empty values (`name=&search=`) do not filter.

    Raises:
        ClassicError: 400, naming the parameter.
    """
    schemas = _list_parameters()
    filters = {name: schema["default"] for name, schema in schemas.items() if "default" in schema}
    for name, values in request.query.items():
        if name not in schemas:
            raise ClassicError(INVALID_INPUT, f"{name[:LONGEST_MESSAGE]}: unknown parameter.")
        kind = schemas[name]["type"]
        values = split_tags(values) if kind == "array" else values
        given = [value for value in values if value or kind == "integer"]
        if kind != "array" and len(given) > 1:
            raise ClassicError(INVALID_INPUT, f"{name}: must be given once, got {len(given)} values.")
        if given:
            filters[name] = _typed(kind, given)
            check(schemas[name], filters[name], name=name)
    return filters


def check(schema: Mapping[str, Any], value: Any, *, name: str = "") -> None:
    """Check a value against a schema. `name`: the name of the value in error messages.

    Raises:
        ClassicError: 400, naming the best matching error.
    """
    _check(Draft202012Validator(schema), value, name=name)


def _typed(kind: str, values: list[str]) -> Any:
    if kind == "array":
        return values
    return int(values[0]) if kind == "integer" and WHOLE_NUMBER.fullmatch(values[0]) else values[0]


def _described(request: ClassicRequest, schema: str, *, era: str) -> dict[str, Any]:
    _check_size(request)
    body = read_json(request.body)
    if era == "2021" and isinstance(body, dict):
        body = _from_2021(body)
    _check(_validator(schema), body)
    _check_spec(body.get("spec", {}))
    described: dict[str, Any] = body
    if "cost" in described:
        described["cost"] = int(described["cost"])  # JSON may write 600 as 600.0
    return described


def _from_2021(body: dict[str, Any]) -> dict[str, Any]:
    """The body with the names of 2023, and the JSON texts as a spec."""
    texts = {name: body[old] for name, old in TEXTS_OF_2021.items() if old in body}
    kept = {name: value for name, value in body.items() if name not in TEXTS_OF_2021.values()}
    if "isPublic" in kept:
        kept["is_public"] = kept.pop("isPublic")
    if not texts:
        return kept
    spec = {
        name: read_json(text.encode(), name=TEXTS_OF_2021[name]) if isinstance(text, str) else text
        for name, text in texts.items()
    }
    return kept | {"spec": spec}


def _check_size(request: ClassicRequest) -> None:
    if len(request.body) > MOST_BYTES:
        detail = f"It has {len(request.body)} bytes; a program may have {MOST_BYTES}."
        raise ClassicError(BODY_TOO_LARGE, detail)


def _base64_of(text: str) -> str:
    """The base64 text without the line breaks that `base64` and MIME encoders write."""
    text = text.replace("\r", "").replace("\n", "")
    try:
        if not base64.b64decode(text, validate=True):
            raise ValueError("it is empty")
    except (binascii.Error, ValueError) as error:
        raise ClassicError(
            INVALID_INPUT,
            f"data is not base64: {error}.",
            solution="Send the program's text in base64, as `base64 program.py` writes it.",
        ) from None
    return text


def _check_spec(spec: Mapping[str, Any]) -> None:
    if (length := len(json.dumps(spec))) > MOST_SPEC_CHARACTERS:
        detail = f"The spec has {length} characters; it may have {MOST_SPEC_CHARACTERS}."
        raise ClassicError(BODY_TOO_LARGE, detail)
    for name, part in spec.items():
        _check_is_schema(part, name=f"spec.{name}")


def _check_is_schema(value: Any, *, name: str) -> None:
    try:
        # An unknown dialect counts as the newest; looking up an invalid URL raises.
        validator_for(value, default=Draft202012Validator).check_schema(value)
    except SchemaError as error:
        raise _schema_error(error, name=name, introduction="is not a JSON schema: ") from None
    except (AttributeError, TypeError, ValueError, RecursionError):
        raise ClassicError(INVALID_INPUT, f"{name} is not a JSON schema.") from None


def _check(validator: Draft202012Validator, value: Any, *, name: str = "") -> None:
    if error := best_match(validator.iter_errors(value)):
        raise _schema_error(error, name=name)


def _schema_error(error: ValidationError | SchemaError, *, name: str, introduction: str = "") -> ClassicError:
    place = ".".join([*([name] if name else []), *map(str, error.absolute_path)])
    message = error.message
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    return ClassicError(INVALID_INPUT, f"{place}: {introduction}{message}" if place else f"{introduction}{message}")


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document()["components"]})


@cache
def _list_parameters() -> dict[str, dict[str, Any]]:
    shared = document()["components"]["parameters"]
    listed = document()["paths"]["/programs"]["get"]["parameters"]
    parameters = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in listed]
    return {one["name"]: one["schema"] for one in parameters}
