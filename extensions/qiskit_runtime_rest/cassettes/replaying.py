"""Replay: a server on loopback that answers what was recorded, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import evolve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..config.crn import Crn
from ..errors import ConfigurationError
from .exchange import Exchange
from .forwarding import METHODS
from .har import load
from .headers import ANSWERED
from .loopback import Loopback
from .matching import PREFERRED_HEADERS, Asked, Exhausted, Match, NotRecorded, Repertoire
from .serve import served
from .services import IAM, environment, locate
from .tokens import TOKEN_PATH, token_answer

__all__ = ["API_KEY", "NOT_RECORDED", "Replay", "replay"]

API_KEY = "replayed-api-key-not-a-secret"
"""Any other is as good."""

NO_INSTANCE = (
    "crn:v1:bluemix:public:quantum-computing:us-east:a/f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0:"
    "f0f0f0f0-f0f0-40f0-a0f0-f0f0f0f0f0f0::"
)
"""The instance of a cassette that names none."""

NOT_RECORDED = 421
"""Status for what was not recorded ("Misdirected Request"): no client takes it for an answer of the service's, nor
asks again."""

NO_BODY = (204, 304)


class Replay:
    """Answers requests from cassettes."""

    def __init__(self, *paths: Path | str, match: Match = "request", exhausted: Exhausted = "repeat") -> None:
        """Read the cassettes.

        Args:
            paths: cassettes, one after the other.
            match: what has to be as it was recorded: "request" (method, path, query and body), or "path" (all but
                the body, which for instance a random choice makes another each time).
            exhausted: what a request gets that was recorded less often: "repeat" the last answer, or "error".

        Raises:
            InvalidInput: one cannot be read, or is no cassette.
        """
        self.exchanges = [one for path in paths for one in load(path)]
        self.missed: list[str] = []
        """What was asked and not recorded, and what is nearest to it."""
        self.instance = _instance(self.exchanges)
        self._names = ", ".join(Path(path).name for path in paths)
        self._repertoire = Repertoire(
            [one if not _is_token(one) else evolve(one, sent=b"") for one in self.exchanges],
            match=match,
            exhausted=exhausted,
        )

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=METHODS)])

    async def _answer(self, request: Request) -> Response:
        raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
        place = locate(raw_path.decode("ascii", "replace").partition("?")[0])
        if place is None:
            known = ", ".join(environment("").values())
            return self._not_recorded(f"{request.method} {request.url.path[:200]}: all that was is below {known}.")
        service, path = place
        asked = Asked(
            service=service,
            method=request.method,
            path=path,
            query=request.scope["query_string"].decode("ascii", "replace"),
            body=await request.body(),
            preferred=tuple(request.headers.get(name, "") for name in PREFERRED_HEADERS),
        )
        try:
            if service is IAM and path == TOKEN_PATH and request.method == "POST":
                return self._token(evolve(asked, body=b"", query=""))
            return _response(self._repertoire.answer(asked))
        except NotRecorded as error:
            return self._not_recorded(str(error))

    def _token(self, asked: Asked) -> Response:
        """Any API key is exchanged; a refusal that was recorded is one again."""
        recorded = b""
        with contextlib.suppress(NotRecorded):
            one = self._repertoire.answer(asked)
            if one.status != 200:
                return _response(one)
            recorded = one.body
        content = token_answer(recorded, instance=self.instance, exchanges=self.exchanges)
        return Response(content, media_type="application/json")

    def _not_recorded(self, why: str) -> Response:
        self.missed.append(why)
        error = {
            "code": NOT_RECORDED,
            "message": f"not in the cassette ({self._names}): {why}",
            "solution": "Record it again (`qrr contract record`), or ask what was recorded.",
        }
        return JSONResponse({"errors": [error]}, NOT_RECORDED)


@contextlib.contextmanager
def replay(*paths: Path | str, port: int = 0, **choices: Any) -> Iterator[Loopback]:
    """Answer from cassettes on 127.0.0.1, until the end of the block.

    Args:
        paths: cassettes, as `qrr contract record` writes them.
        port: 0: a free one.
        choices: `match` and `exhausted`, as for `Replay`.

    Raises:
        InvalidInput: a cassette cannot be read, or is none.
        OSError: the address cannot be listened on.
    """
    replayed = Replay(*paths, **choices)
    with served(replayed.app, port=port, name="qiskit-runtime-replay") as url:
        yield Loopback(url=url, api_key=API_KEY, instance=replayed.instance, missed=replayed.missed)


def _response(one: Exchange) -> Response:
    response = Response(None if one.status in NO_BODY else one.body, one.status)
    kept = [(name, value) for name, value in one.answered if name in ANSWERED]
    response.raw_headers = [
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in kept),
        *((name, value) for name, value in response.raw_headers if name == b"content-length"),
    ]
    return response


def _is_token(one: Exchange) -> bool:
    return one.service is IAM and one.path == TOKEN_PATH


def _instance(exchanges: list[Exchange]) -> str:
    for one in exchanges:
        with contextlib.suppress(ConfigurationError):
            return str(Crn.parse(one.header("service-crn")))
    return NO_INSTANCE
