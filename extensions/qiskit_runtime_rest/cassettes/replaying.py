"""Replay: a loopback server that gives recorded responses, and no others."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jwt
from attrs import evolve
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..base.redaction import LOOKS
from ..config.crn import Crn
from ..errors import ConfigurationError
from .entry import Entry
from .forwarding import METHODS, raw_headers, service_and_path
from .har import load
from .loopback import Loopback, served
from .matching import PREFERRED_HEADERS, Exhausted, Match, NotRecorded, RecordedResponses, RequestKey
from .sanitising import RESPONSE_HEADERS
from .services import IAM, environment

__all__ = ["API_KEY", "NOT_RECORDED", "Replay", "replay", "token_response"]

API_KEY = "replayed-api-key-not-a-secret"
"""A replay accepts any other as well."""

NO_INSTANCE = (
    "crn:v1:bluemix:public:quantum-computing:us-east:a/f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0:"
    "f0f0f0f0-f0f0-40f0-a0f0-f0f0f0f0f0f0::"
)
"""The instance of a cassette without any."""

NOT_RECORDED = 421
"""Status for a request that was not recorded ("Misdirected Request"). No client takes it for a response of the
service, nor sends the request again."""

NO_BODY = (204, 304)

TOKEN_PATH = "/identity/token"  # noqa: S105 - a path
LIFETIME_SECONDS = 3600
PUBLIC_KEY = "this key is public: only a replay accepts what it signs"
NO_USER = "IBMid-REPLAYED01"


class Replay:
    """Responds to requests from cassettes."""

    def __init__(self, *paths: Path | str, match: Match = "request", exhausted: Exhausted = "repeat") -> None:
        """Read the cassettes.

        Args:
            paths: cassettes, one after the other.
            match: what must be as recorded: "request" (method, path, query and body), or "path" (all but the body,
                for clients whose body changes each time, with a random choice for instance).
            exhausted: the response to a request that was recorded less often: "repeat" the last one, or "error".

        Raises:
            InvalidInput: a file cannot be read, or is not a cassette.
        """
        self.entries = [one for path in paths for one in load(path)]
        self.missed: list[str] = []
        """Requests that were not recorded, each with the nearest one that was."""
        self.instance = _instance(self.entries)
        self._names = ", ".join(Path(path).name for path in paths)
        self._recorded = RecordedResponses(
            [one if not _is_token(one) else evolve(one, request_body=b"") for one in self.entries],
            match=match,
            exhausted=exhausted,
        )

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[Route("/{path:path}", self._respond, methods=METHODS)])

    async def _respond(self, request: Request) -> Response:
        place = service_and_path(request)
        if place is None:
            known = ", ".join(environment("").values())
            return self._not_recorded(f"{request.method} {request.url.path[:200]}: only {known} are served.")
        service, path = place
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        key = RequestKey(
            service=service,
            method=request.method,
            path=path,
            query=request.scope["query_string"].decode("ascii", "replace"),
            body=body,
            preferred=tuple(request.headers.get(name, "") for name in PREFERRED_HEADERS),
        )
        try:
            if service is IAM and path == TOKEN_PATH and request.method == "POST":
                return self._token(evolve(key, body=b"", query=""))
            return _response(self._recorded.next(key))
        except NotRecorded as error:
            return self._not_recorded(str(error))

    def _token(self, key: RequestKey) -> Response:
        """Exchange any API key for a token, unless a refusal was recorded."""
        recorded = b""
        with contextlib.suppress(NotRecorded):
            one = self._recorded.next(key)
            if one.status != 200:
                return _response(one)
            recorded = one.response_body
        user = _user(self.entries)
        content = token_response(recorded, instance=self.instance, user=user, now=int(time.time()))
        return Response(content, media_type="application/json")

    def _not_recorded(self, reason: str) -> Response:
        self.missed.append(reason)
        error = {
            "code": NOT_RECORDED,
            "message": f"not in the cassette ({self._names}): {reason}",
            "solution": "Record it again (`qrr contract record`), or send a request that was recorded.",
        }
        return JSONResponse({"errors": [error]}, NOT_RECORDED)


@contextlib.contextmanager
def replay(*paths: Path | str, port: int = 0, **choices: Any) -> Iterator[Loopback]:
    """Respond from cassettes on 127.0.0.1, until the end of the block.

    Args:
        paths: cassettes, as `qrr contract record` writes them.
        port: 0: a free one.
        choices: `match` and `exhausted`, as for `Replay`.

    Raises:
        InvalidInput: a file cannot be read, or is not a cassette.
        OSError: the port cannot be listened on.
    """
    replayed = Replay(*paths, **choices)
    with served(replayed.app, port=port, name="qiskit-runtime-replay") as url:
        yield Loopback(url=url, api_key=API_KEY, instance=replayed.instance, missed=replayed.missed)


def token_response(recorded: bytes, *, instance: str, user: str, now: int) -> bytes:
    """IAM's response, with a token that begins `now` (seconds since the epoch).

    Clients decode the token and look at its dates, so a recorded one would not do.

    Args:
        recorded: the body of the recorded response; may be empty.
        instance: the CRN whose account the token names.
        user: the id of the token's user.
        now: the time of the request.
    """
    try:
        body: Any = json.loads(recorded)
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    lifetime = body.get("expires_in")
    lifetime = lifetime if isinstance(lifetime, int) and lifetime > 0 else LIFETIME_SECONDS
    claims = {
        "iam_id": user,
        "id": user,
        "sub": user,
        "account": {"valid": True, "bss": Crn.parse(instance).account},
        "iss": "https://iam.cloud.ibm.com/identity",
        "iat": now,
        "exp": now + lifetime,
    }
    token = {
        "access_token": jwt.encode(claims, PUBLIC_KEY, algorithm="HS256"),
        "token_type": "Bearer",
        "expires_in": lifetime,
        "expiration": now + lifetime,
    }
    return json.dumps({"refresh_token": "not_supported", "scope": "ibm openid", **body, **token}).encode()


def _response(one: Entry) -> Response:
    response = Response(None if one.status in NO_BODY else one.response_body, one.status)
    kept = tuple((name, value) for name, value in one.response_headers if name in RESPONSE_HEADERS)
    response.raw_headers = raw_headers(response, kept)
    return response


def _is_token(one: Entry) -> bool:
    return one.service is IAM and one.path == TOKEN_PATH


def _instance(entries: Sequence[Entry]) -> str:
    for one in entries:
        with contextlib.suppress(ConfigurationError):
            return str(Crn.parse(one.header("service-crn")))
    return NO_INSTANCE


def _user(entries: Sequence[Entry]) -> str:
    for one in entries:
        if found := LOOKS["user"].search(one.response_body.decode("utf-8", "replace")):
            return found[0]
    return NO_USER
