"""Replay: a server on loopback that answers what was recorded, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...crn import Crn
from ...errors import ConfigurationError
from .exchange import Exchange
from .har import load
from .headers import ANSWERED
from .matching import PREFERRED_HEADERS, Asked, Exhausted, Match, NotRecorded, Repertoire
from .serve import served
from .services import IAM, RUNTIME, environment, locate
from .tokens import TOKEN_PATH, token_answer

if TYPE_CHECKING:
    from ...client import AsyncRuntimeClient, RuntimeClient

__all__ = ["API_KEY", "NOT_RECORDED", "Replay", "Replayed", "replay"]

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

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
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


@frozen
class Replayed:
    """A replay that runs."""

    url: str
    replay: Replay

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads clients of any make here: environment variables by name."""
        return {**environment(self.url), "QISKIT_IBM_TOKEN": self.api_key, "QISKIT_IBM_INSTANCE": self.instance}

    @property
    def base_url(self) -> str:
        """What comes before `/v1`."""
        return f"{self.url}{RUNTIME.prefix}"

    @property
    def iam_url(self) -> str:
        """What comes before `/identity/token`."""
        return f"{self.url}{IAM.prefix}"

    @property
    def api_key(self) -> str:
        """One that is no secret; any other is as good."""
        return API_KEY

    @property
    def instance(self) -> str:
        """The CRN of the first instance that was recorded, as it is in the cassette; any other is as good."""
        return self.replay.instance

    @property
    def missed(self) -> list[str]:
        """What was asked and not recorded, and what is nearest to it."""
        return self.replay.missed

    def connect(self, **choices: Any) -> RuntimeClient:
        """A client of it, whatever the environment says; `choices` are those of `RuntimeClient`."""
        from ...client import RuntimeClient

        return RuntimeClient(**{**self._settings, **choices})

    def connect_async(self, **choices: Any) -> AsyncRuntimeClient:
        """A client of it, whatever the environment says; `choices` are those of `AsyncRuntimeClient`."""
        from ...client import AsyncRuntimeClient

        return AsyncRuntimeClient(**{**self._settings, **choices})

    @property
    def _settings(self) -> dict[str, Any]:
        return {
            "api_key": self.api_key,
            "instance": self.instance,
            "base_url": self.base_url,
            "iam_url": self.iam_url,
            "submissions_per_minute": None,
            "verify": False,  # It speaks http; loading certificates would take longer than most tests.
        }


@contextlib.contextmanager
def replay(*paths: Path | str, port: int = 0, **choices: Any) -> Iterator[Replayed]:
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
        yield Replayed(url, replayed)


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
