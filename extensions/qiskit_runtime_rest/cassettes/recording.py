"""Record requests to the real services and their responses, and write them as a cassette without secrets.

Entries stay in memory until the end; only the sanitised cassette reaches the disk, in one write.
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

from attrs import frozen

from qiskit_runtime_api.http_library import httpx

from ..base.files import write_atomically
from ..config.crn import Crn
from ..errors import InvalidInput, RuntimeRestError
from .entry import Entry
from .forwarding import Forwarder
from .judgement import Judgement, checker, judged
from .loopback import Loopback, served
from .sanitising import SHORTEST_SECRET, Unsanitised, sanitised
from .services import IAM, RUNTIME, SERVICES, Service

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from ..config.settings import Settings

__all__ = ["SALT_VARIABLE", "Recorder", "Recording", "Unsanitised", "record"]

SALT_VARIABLE = "QRR_CASSETTE_SALT"


@frozen(kw_only=True)
class Recording:
    """A cassette that was written. Without entries, no file was written."""

    path: Path
    entries: int
    judgement: Judgement
    remarks: tuple[str, ...]


class Recorder:
    """Forwards requests, and keeps them with their responses."""

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
            settings: the service's address; its credentials are only used to hide them.
            environ: the addresses of the other services; by default the process's environment. A service without a
                variable there is at its published address.
            hide: further secret texts, exactly as they are written: case matters.
            salt: cassettes recorded with the same one replace the same secret by the same text; by default the value
                of `QRR_CASSETTE_SALT`, else a random one.

        Raises:
            InvalidInput: a text to hide is so short that it could be a part of other words.
            MissingExtra: the contract check is not installed.
        """
        if short := [text for text in hide if len(text) < SHORTEST_SECRET]:
            raise InvalidInput(f"hide={short[0]!r}: must have at least {SHORTEST_SECRET} characters.")
        checker()  # A missing extra is an error now, not after everything was recorded.
        environ = os.environ if environ is None else environ
        self._addresses = _addresses(settings, environ)
        self._hidden = [*_own_secrets(settings), *hide]
        self._salt = (salt or environ.get(SALT_VARIABLE) or secrets.token_hex()).encode()
        self._entries: dict[int, Entry] = {}
        self._private_jobs: set[str] = set()
        self._remarks: dict[str, None] = {}
        self._forwarder = Forwarder(settings, self._addresses, keep=self._keep, remark=self._remark)

    @property
    def app(self) -> Starlette:
        """The ASGI application that stands for the services."""
        return self._forwarder.app

    def _keep(self, number: int, one: Entry) -> None:
        self._entries[number] = one
        submits = one.service is RUNTIME and one.method == "POST" and one.path == "/v1/jobs"
        if submits and _member(one.request_body, "private") is True:
            self._private_jobs.add(str(_member(one.response_body, "id")))
        job = one.path.split("/")[-2] if one.is_result and one.status == httpx.codes.OK else None
        if job in self._private_jobs:
            self._remark(
                f"the result of the private job {job} was read, which is possible only once. The cassette contains "
                "it, for every reader."
            )

    def _remark(self, remark: str) -> None:
        self._remarks[remark] = None

    def save(self, path: Path | str) -> Recording:
        """Write the entries until now, sanitised. Without any, an existing file stays as it is.

        Raises:
            Unsanitised: a secret would be left; nothing is written.
            RuntimeRestError: the file cannot be written.
        """
        path = Path(path)
        moved = {
            address: service.published
            for service, address in reversed(self._addresses.items())
            if address != service.published
        }
        recorded = [self._entries[number] for number in sorted(self._entries)]
        entries, document = sanitised(recorded, salt=self._salt, hidden=self._hidden, moved=moved)
        if entries:
            try:
                write_atomically(path, document)
            except OSError as error:
                raise RuntimeRestError(f"{error.strerror}.") from None
        else:
            self._remark(f"no requests were sent: {path} was not written.")
        return Recording(path=path, entries=len(entries), judgement=judged(entries), remarks=tuple(self._remarks))


@contextlib.contextmanager
def record(path: Path | str, settings: Settings, *, port: int = 0, **choices: Any) -> Iterator[Loopback]:
    """Record at an address of this machine until the end of the block, then write the cassette.

    Nothing is written if the block raises, or no requests were sent. That, or the result of a private job in the
    cassette, is a `UserWarning`.

    Args:
        path: the cassette; overwritten.
        settings: the service's address.
        port: of the address; 0: a free one.
        choices: as for `Recorder`.

    Raises:
        OSError: the port cannot be listened on.
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


def _own_secrets(settings: Settings) -> list[str]:
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
