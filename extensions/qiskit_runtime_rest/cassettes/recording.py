"""Recording: what passed between a client and the real services, kept without its secrets.

Everything is held in memory as it came; what is written is sanitised, and is written once, at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from attrs import frozen

from ..base.files import write_atomically
from ..config.crn import Crn
from ..errors import InvalidInput, RuntimeRestError
from .cleaning import cleaned
from .exchange import Exchange
from .fakes import SHORTEST, Fakes
from .forwarding import Forwarder
from .har import dumps
from .judgement import Judgement, checker, judged
from .loopback import Loopback
from .sanitise import Sanitiser
from .serve import served
from .services import IAM, RUNTIME, SERVICES, Service

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from ..config.settings import Settings

__all__ = ["SALT_VARIABLE", "Recorder", "Recording", "Unsanitised", "record"]

SALT_VARIABLE = "QRR_CASSETTE_SALT"
TWICE = 2
"""What is met late is looked for in what came before."""


class Unsanitised(RuntimeRestError):
    """A secret was still in what was about to be written; nothing was written."""


@frozen(kw_only=True)
class Recording:
    """What was written; of no exchanges, nothing was."""

    path: Path
    exchanges: int
    judgement: Judgement
    remarks: tuple[str, ...]


class Recorder:
    """Passes requests on, and keeps them with their answers."""

    def __init__(
        self,
        settings: Settings,
        *,
        environ: Mapping[str, str] | None = None,
        hide: Sequence[str] = (),
        salt: str | None = None,
    ) -> None:
        """Prepare.

        Args:
            settings: where the service is; its credentials are used for nothing but to keep them out.
            environ: where the other services are, if not where they always are; by default the process's environment.
            hide: further texts that are secret, as they are written: in upper and lower case.
            salt: cassettes recorded with the same one replace the same secret by the same text; by default that of
                the variable `QRR_CASSETTE_SALT`, else a random one.

        Raises:
            InvalidInput: what is to be hidden is too short to be told from parts of words.
            MissingExtra: answers cannot be checked.
        """
        if short := [text for text in hide if len(text) < SHORTEST]:
            raise InvalidInput(f"{short[0]!r} is too short to be hidden: {SHORTEST} characters at least.")
        checker()  # What is missing is told now, and not after all has been recorded.
        environ = os.environ if environ is None else environ
        self._addresses = _addresses(settings, environ)
        self._hidden = [*_own(settings), *hide]
        self._salt = (salt or environ.get(SALT_VARIABLE) or secrets.token_hex()).encode()
        self._kept: dict[int, Exchange] = {}
        self._private: set[str] = set()
        self._remarks: dict[str, None] = {}
        self._forwarder = Forwarder(settings, self._addresses, keep=self._keep, remark=self._remark)

    @property
    def app(self) -> Starlette:
        """What stands for the services: an ASGI application."""
        return self._forwarder.app

    def _keep(self, number: int, one: Exchange) -> None:
        self._kept[number] = one
        submits = one.service is RUNTIME and one.method == "POST" and one.path == "/v1/jobs"
        if submits and _member(one.sent, "private") is True:
            self._private.add(str(_member(one.body, "id")))
        job = one.path.split("/")[-2] if one.is_result and one.status == httpx.codes.OK else None
        if job in self._private:
            self._remark(
                f"the result of the private job {job} was read, which can be done once: it is in the cassette, for "
                "everybody who reads that."
            )

    def _remark(self, remark: str) -> None:
        self._remarks[remark] = None

    def save(self, path: Path | str) -> Recording:
        """Write what passed until now, sanitised; if nothing did, a file that is there stays as it is.

        Raises:
            Unsanitised: a secret would be left; nothing is written.
            RuntimeRestError: the file cannot be written.
        """
        exchanges, document = self.sanitised()
        path = Path(path)
        if exchanges:
            try:
                write_atomically(path, document)
            except OSError as error:
                raise RuntimeRestError(f"{error.strerror}.") from None
        else:
            self._remark(f"nothing was asked: {path} was not written.")
        return Recording(path=path, exchanges=len(exchanges), judgement=judged(exchanges), remarks=tuple(self._remarks))

    def sanitised(self) -> tuple[list[Exchange], str]:
        """What passed until now without secrets, and the text of its cassette. Raises: Unsanitised."""
        moved = {
            address: service.published
            for service, address in reversed(self._addresses.items())
            if address != service.published
        }
        sanitiser = Sanitiser(Fakes(self._salt), known=self._hidden, moved=moved)
        kept = [self._kept[number] for number in sorted(self._kept)]
        exchanges: list[Exchange] = []
        for _ in range(TWICE):
            exchanges = [cleaned(one, sanitiser) for one in kept]
        document = dumps(exchanges)
        if sanitiser.leaks(document):
            raise Unsanitised(
                "the recording was not written: a secret is in it in a form that could not be replaced. Please report "
                "it, with the kind of client that was recorded."
            )
        return exchanges, document


@contextlib.contextmanager
def record(path: Path | str, settings: Settings, *, port: int = 0, **choices: Any) -> Iterator[Loopback]:
    """Record what is asked at an address of this machine until the end of the block, then write the cassette.

    Nothing is written if the block raises, or nothing was asked. What is remarkable, this or the result of a private
    job, is told by a `UserWarning`.

    Args:
        path: the cassette; overwritten.
        settings: where the service is.
        port: of the address; 0: a free one.
        choices: as for `Recorder`.

    Raises:
        OSError: the address cannot be listened on.
        Unsanitised: nothing was written.
    """
    recorder = Recorder(settings, **choices)
    with served(recorder.app, port=port, name="qiskit-runtime-recorder") as url:
        yield Loopback(url=url, api_key=settings.api_key, instance=settings.instance)
    for remark in recorder.save(path).remarks:
        warnings.warn(remark, stacklevel=3)


def _addresses(settings: Settings, environ: Mapping[str, str]) -> dict[Service, str]:
    given = {RUNTIME: settings.base_url, IAM: settings.iam_url}
    return {
        service: (given.get(service) or environ.get(service.variable) or service.published).rstrip("/")
        for service in SERVICES
    }


def _own(settings: Settings) -> list[str]:
    own = [secret for secret in (settings.api_key, settings.token) if secret]
    if settings.instance is not None:
        crn = Crn.parse(settings.instance)
        own += [crn.account, crn.instance_id]
    return own


def _member(body: bytes, name: str) -> object:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value.get(name) if isinstance(value, dict) else None
