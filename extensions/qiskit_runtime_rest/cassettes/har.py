"""Cassette files: HTTP Archives (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/), as browsers write them.

Everything is in a fixed order, one field a line, so that git shows only what changed. Names that begin with an
underscore are additions, as the format allows them.
"""

from __future__ import annotations

import base64
import binascii
import http
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from .._version import __version__
from ..errors import InvalidInput
from .entry import Entry, Headers, header
from .services import SERVICES, located

__all__ = ["dumps", "load", "loads"]

MOST_BYTES = 1 << 30


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _array(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


TEXT = {"type": "string"}
HEADERS = _array(
    _object(
        "name",
        "value",
        name={"type": "string", "pattern": r"^:?[!#$%&'*+.^_`|~0-9A-Za-z-]+$"},
        value={"type": "string", "pattern": r"^[\t\x20-\x7e\x80-\xff]*$"},
    )
)
REQUEST = _object(
    "method",
    "url",
    "headers",
    method={"type": "string", "pattern": "^[A-Z]+$"},
    url={"type": "string", "pattern": "^[!-~]+$"},
    headers=HEADERS,
    postData=_object(text=TEXT, _encoding={"const": "base64"}),
)
RESPONSE = _object(
    "status",
    "headers",
    "content",
    status={"type": "integer", "minimum": 200, "maximum": 599},
    headers=HEADERS,
    content=_object(text=TEXT, encoding={"enum": ["base64", ""]}),
)
ENTRY = _object(
    "request", "response", startedDateTime=TEXT, time={"type": "number"}, request=REQUEST, response=RESPONSE
)
SCHEMA = _object("log", log=_object("entries", entries=_array(ENTRY)))
"""The part of the format that is read; the rest is for other tools."""


def dumps(entries: Iterable[Entry]) -> str:
    """The text of a cassette."""
    document = {
        "log": {
            "version": "1.2",
            "creator": {"name": "qiskit-runtime-rest", "version": __version__},
            "entries": [_har_entry(one) for one in entries],
        }
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def load(path: Path | str) -> list[Entry]:
    """Read the entries of a cassette.

    Raises:
        InvalidInput: the file cannot be read, or is not a cassette; the message says where.
    """
    try:
        if Path(path).stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path} is not a cassette: it is larger than {MOST_BYTES} bytes.")
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not a cassette: it is not UTF-8.") from None
    return loads(text, name=str(path))


def loads(text: str, *, name: str = "this") -> list[Entry]:
    """Read the entries from a cassette's text; `name` is the file's, for errors. Raises: InvalidInput, as `load`."""
    try:
        document = json.loads(text)
        error = best_match(Draft202012Validator(SCHEMA).iter_errors(document))
    except (ValueError, RecursionError):
        raise InvalidInput(f"{name} is not a cassette: it is not JSON.") from None
    if error is not None:
        expected = json.dumps(error.validator_value)[:100]
        raise InvalidInput(f"{name} is not a cassette: {error.json_path} does not fit {error.validator}: {expected}.")
    return [_entry(entry, f"{name}: $.log.entries[{at}]") for at, entry in enumerate(document["log"]["entries"])]


def _har_entry(one: Entry) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": one.method,
        "url": one.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _records(one.request_headers),
        "queryString": _records(parse_qsl(one.query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(one.request_body),
    }
    if one.request_body:
        text, encoding = _text(one.request_body)
        request["postData"] = {"mimeType": one.header("content-type"), "params": [], "text": text}
        if encoding:
            request["postData"]["_encoding"] = encoding
    text, encoding = _text(one.response_body)
    content = {"size": len(one.response_body), "mimeType": header(one.response_headers, "content-type"), "text": text}
    if encoding:
        content["encoding"] = encoding
    return {
        "startedDateTime": one.started,
        "time": one.milliseconds,
        "request": request,
        "response": {
            "status": one.status,
            "statusText": _phrase(one.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _records(one.response_headers),
            "content": content,
            "redirectURL": header(one.response_headers, "location"),
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": one.milliseconds, "receive": 0},
    }


def _records(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _text(body: bytes) -> tuple[str, str]:
    try:
        return body.decode("utf-8"), ""
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"


def _entry(entry: Mapping[str, Any], place: str) -> Entry:
    request, response = entry["request"], entry["response"]
    try:
        found = located(request["url"])
    except ValueError:
        found = None
    if found is None:
        roots = ", ".join(service.published for service in SERVICES)
        raise InvalidInput(f"{place}.request.url must be below one of {roots}.")
    service, path, query = found
    posted, content = request.get("postData", {}), response["content"]
    return Entry(
        service=service,
        method=request["method"],
        path=path,
        query=query,
        request_headers=_headers(request),
        request_body=_bytes(posted.get("text", ""), posted.get("_encoding"), f"{place}.request.postData.text"),
        status=response["status"],
        response_headers=_headers(response),
        response_body=_bytes(content.get("text", ""), content.get("encoding"), f"{place}.response.content.text"),
        started=entry.get("startedDateTime", ""),
        milliseconds=int(entry.get("time", 0)),
    )


def _headers(message: Mapping[str, Any]) -> Headers:
    # Browsers also list HTTP/2's pseudo-headers, whose names begin with a colon.
    return tuple((one["name"].lower(), one["value"]) for one in message["headers"] if not one["name"].startswith(":"))


def _bytes(text: str, encoding: str | None, place: str) -> bytes:
    if encoding != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput(f"{place} is not base64.") from None
