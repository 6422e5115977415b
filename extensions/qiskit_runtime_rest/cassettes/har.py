"""Cassettes as files: HTTP Archives (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/), as browsers write them.

Everything is in a fixed order, one field a line: what did not change is no difference to git. Names that begin with an
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
from .exchange import Exchange, Headers, header
from .services import SERVICES, located

__all__ = ["dumps", "load", "loads"]

MOST_BYTES = 1 << 30

HEADERS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "value"],
        "properties": {
            "name": {"type": "string", "pattern": r"^:?[!#$%&'*+.^_`|~0-9A-Za-z-]+$"},
            "value": {"type": "string", "pattern": r"^[\t\x20-\x7e\x80-\xff]*$"},
        },
    },
}
TEXT = {"type": "string"}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["log"],
    "properties": {
        "log": {
            "type": "object",
            "required": ["entries"],
            "properties": {
                "entries": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["request", "response"],
                        "properties": {
                            "startedDateTime": TEXT,
                            "time": {"type": "number"},
                            "request": {
                                "type": "object",
                                "required": ["method", "url", "headers"],
                                "properties": {
                                    "method": {"type": "string", "pattern": "^[A-Z]+$"},
                                    "url": {"type": "string", "pattern": "^[!-~]+$"},
                                    "headers": HEADERS,
                                    "postData": {
                                        "type": "object",
                                        "properties": {"text": TEXT, "_encoding": {"const": "base64"}},
                                    },
                                },
                            },
                            "response": {
                                "type": "object",
                                "required": ["status", "headers", "content"],
                                "properties": {
                                    "status": {"type": "integer", "minimum": 200, "maximum": 599},
                                    "headers": HEADERS,
                                    "content": {
                                        "type": "object",
                                        "properties": {"text": TEXT, "encoding": {"enum": ["base64", ""]}},
                                    },
                                },
                            },
                        },
                    },
                }
            },
        }
    },
}
"""What is read of the format; the rest is for other tools."""


def dumps(exchanges: Iterable[Exchange]) -> str:
    """The text of a cassette."""
    document = {
        "log": {
            "version": "1.2",
            "creator": {"name": "qiskit-runtime-rest", "version": __version__},
            "entries": [_entry(one) for one in exchanges],
        }
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def load(path: Path | str) -> list[Exchange]:
    """The exchanges of a cassette.

    Raises:
        InvalidInput: it cannot be read, or is no cassette; the message says where.
    """
    try:
        if Path(path).stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path} is larger than {MOST_BYTES} bytes: that is no cassette.")
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is no cassette: it is not UTF-8.") from None
    return loads(text, name=str(path))


def loads(text: str, *, name: str = "this") -> list[Exchange]:
    """The exchanges of a cassette's text; `name`: of the file, for errors. Raises: InvalidInput, as `load`."""
    try:
        document = json.loads(text)
        error = best_match(Draft202012Validator(SCHEMA).iter_errors(document))
    except (ValueError, RecursionError) as failure:
        raise InvalidInput(f"{name} is no cassette: it is not JSON ({type(failure).__name__}).") from None
    if error is not None:
        raise InvalidInput(f"{name} is no cassette: {error.json_path} {_told(error.validator, error.validator_value)}.")
    return [_exchange(entry, f"{name}: $.log.entries[{at}]") for at, entry in enumerate(document["log"]["entries"])]


def _told(keyword: object, wanted: object) -> str:
    return f"does not fit {keyword}: {json.dumps(wanted)[:100]}"


def _entry(one: Exchange) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "method": one.method,
        "url": one.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _records(one.asked),
        "queryString": _records(parse_qsl(one.query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(one.sent),
    }
    if one.sent:
        text, encoding = _text(one.sent)
        asked["postData"] = {"mimeType": one.header("content-type"), "params": [], "text": text}
        if encoding:
            asked["postData"]["_encoding"] = encoding
    text, encoding = _text(one.body)
    content = {"size": len(one.body), "mimeType": header(one.answered, "content-type"), "text": text}
    if encoding:
        content["encoding"] = encoding
    return {
        "startedDateTime": one.began,
        "time": one.milliseconds,
        "request": asked,
        "response": {
            "status": one.status,
            "statusText": _phrase(one.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _records(one.answered),
            "content": content,
            "redirectURL": header(one.answered, "location"),
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


def _exchange(entry: Mapping[str, Any], place: str) -> Exchange:
    asked, answered = entry["request"], entry["response"]
    try:
        found = located(asked["url"])
    except ValueError:
        found = None
    if found is None:
        roots = ", ".join(service.published for service in SERVICES)
        raise InvalidInput(f"{place}.request.url is at none of {roots}.")
    service, path, query = found
    posted, content = asked.get("postData", {}), answered["content"]
    return Exchange(
        service=service,
        method=asked["method"],
        path=path,
        query=query,
        asked=_headers(asked),
        sent=_bytes(posted.get("text", ""), posted.get("_encoding"), f"{place}.request.postData.text"),
        status=answered["status"],
        answered=_headers(answered),
        body=_bytes(content.get("text", ""), content.get("encoding"), f"{place}.response.content.text"),
        began=entry.get("startedDateTime", ""),
        milliseconds=int(entry.get("time", 0)),
    )


def _headers(message: Mapping[str, Any]) -> Headers:
    # Browsers list what HTTP/2 has in the place of the first line, with names that begin with a colon.
    return tuple((one["name"].lower(), one["value"]) for one in message["headers"] if not one["name"].startswith(":"))


def _bytes(text: str, encoding: str | None, place: str) -> bytes:
    if encoding != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput(f"{place} is not base64.") from None
