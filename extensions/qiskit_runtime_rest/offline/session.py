"""Services behind their names, for a while: the embedded or the live ones, the classic gateway, and the proxy."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from ..base.serving import Server, ThreadedServer, listen
from ..config import account_file
from ..config.settings import Settings
from ..emulator.embedded import Emulator
from ..legacy.gateway.server import gateway_app, gateway_server
from ..legacy.translation.translator import Translator
from .authority import Authority
from .environment import Environment
from .hosts import CLASSIC_HOSTS, SERVICE_HOSTS
from .proxy import Destination, Proxy
from .traffic import Report, Traffic

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from ..emulator.server import Address

__all__ = ["EMULATOR_OPTIONS", "Offline", "beside"]

LOOPBACK = "127.0.0.1"
EMULATOR_OPTIONS: Mapping[str, Any] = {"any_account": True, "allow_hosts": SERVICE_HOSTS}
"""Options of an embedded service that stands behind the proxy."""


class Offline:
    """The services of a run, from `start` (or `with`) to `close`.

    Attributes:
        emulator: the embedded service; None with `live`.
    """

    def __init__(self, *, live: bool = False, era: str = "2023", instances: Sequence[str] = (), **choices: Any) -> None:
        """Prepare.

        Args:
            live: pass requests on to the real services, instead of answering them here.
            era: form of the classic API, "2021" or "2023", for calls that do not show it.
            instances: names or CRNs of instances that the search must find.
            choices: options of the embedded service, such as `seed`.
        """
        self._traffic = Traffic()
        options = {**EMULATOR_OPTIONS, "instances": instances, "on_foreign_host": self._traffic.foreign, **choices}
        self.emulator = None if live else Emulator(**options)
        self._era = era
        self._stack = contextlib.ExitStack()
        self._environment: Environment | None = None

    def start(self) -> Self:
        """Start everything; returns when programs can be run."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qrr-offline-")))
            if self.emulator is not None:
                service = _destination(stack.enter_context(self.emulator).url)
                classic = _classic_app(self._era, store=folder / "classic.sqlite", emulator=self.emulator.address)
            else:
                service = stack.enter_context(_served(functools.partial(_live_server, self._traffic)))
                classic = _classic_app(self._era, store=None, emulator=None)
            self._environment = stack.enter_context(
                _behind_names(
                    folder,
                    service=service,
                    classic=classic,
                    api_key=self.emulator.api_key if self.emulator else None,
                    traffic=self._traffic,
                )
            )
            self._stack = stack.pop_all()
        return self

    def close(self) -> None:
        """Stop everything, and remove the files of the run. Can be called again."""
        self._stack.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def environment(self, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a program: the one `given`, by default that of this process, and the run's variables."""
        if self._environment is None:
            raise RuntimeError("Start it first, or use it in a 'with' statement.")
        has_account = account_file.default_path().is_file()
        return self._environment.added_to(os.environ if given is None else given, has_account=has_account)

    def report(self) -> Report:
        """The connections so far."""
        return self._traffic.report(live=self.emulator is None)


@contextlib.contextmanager
def beside(
    address: Address, *, host: str = LOOPBACK, port: int = 0, era: str = "2023", folder: Path | None = None
) -> Iterator[Mapping[str, Any]]:
    """The proxy and the gateway in front of a server of the embedded service (see `EMULATOR_OPTIONS`).

    Its value is what programs need: `proxy`, the URL; `ca_file`, the certificate to trust; and `environment`, the
    variables of `Offline.environment`.

    Args:
        address: of the server.
        host, port: of the proxy; port 0 takes a free one.
        era: as for `Offline`.
        folder: where the certificates are written, and stay; None: in a temporary folder.
    """
    with contextlib.ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qrr-offline-")))
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        environment = stack.enter_context(
            _behind_names(
                folder or temporary,
                service=_destination(address.url),
                classic=_classic_app(era, store=temporary / "classic.sqlite", emulator=address),
                api_key=address.api_key,
                traffic=Traffic(),
                host=host,
                port=port,
            )
        )
        yield {
            "proxy": environment.proxy,
            "ca_file": str(environment.authority.certificate),
            "environment": environment.added_to({}, has_account=False),
        }


@contextlib.contextmanager
def _behind_names(
    folder: Path,
    *,
    service: Destination,
    classic: Starlette,
    api_key: str | None,
    traffic: Traffic,
    host: str = LOOPBACK,
    port: int = 0,
) -> Iterator[Environment]:
    """The service and the classic API behind their names."""
    make_gateway = functools.partial(
        gateway_server, classic, allow_hosts=CLASSIC_HOSTS, on_foreign_host=traffic.foreign
    )
    with _served(make_gateway) as gateway:
        destinations = dict.fromkeys(SERVICE_HOSTS, service) | dict.fromkeys(CLASSIC_HOSTS, gateway)
        authority = Authority.create(folder, hosts=destinations)
        proxy = Proxy(
            destinations,
            front=listen(host, port),
            tls=listen(LOOPBACK, 0),
            context=authority.context,
            traffic=traffic,
        )
        try:
            yield Environment(
                proxy=_reachable(proxy.url), tls_port=proxy.tls_port, authority=authority, api_key=api_key
            )
        finally:
            proxy.close()


def _classic_app(era: str, *, store: Path | None, emulator: Address | None) -> Starlette:
    """The gateway in front of an embedded service, or of the service that the user's settings name."""
    if emulator is None:
        own = Settings(application="qrr-gateway")
        uses_own = own.api_key or own.token
        return gateway_app(
            Translator(
                settings={"application": "qrr-gateway"}, era=era, credentials="settings" if uses_own else "caller"
            )
        )
    settings = {
        "base_url": emulator.base_url,
        "iam_url": emulator.iam_url,
        "api_key": emulator.api_key,
        "instance": emulator.instance,
        "submissions_per_minute": None,
    }
    return gateway_app(Translator(settings=settings, instances={"*": emulator.instance}, era=era, store=store))


def _live_server(traffic: Traffic, on_started: Callable[[], None]) -> Server:
    from .live import live_app

    # The headers of the real services include the date.
    return Server(
        live_app(Settings()),
        on_started=on_started,
        allow_hosts=SERVICE_HOSTS,
        on_foreign_host=traffic.foreign,
        ws="none",
        date_header=False,
    )


@contextlib.contextmanager
def _served(make_server: Callable[[Callable[[], None]], Server]) -> Iterator[Destination]:
    """Run a server of this machine in a thread."""
    listener = listen(LOOPBACK, 0)
    destination = listener.getsockname()[:2]
    server = ThreadedServer(listener, make_server, name="qiskit-runtime-offline")
    try:
        yield destination
    finally:
        server.close()


def _destination(url: str) -> Destination:
    parts = urlsplit(_reachable(url))
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _reachable(url: str) -> str:
    """The URL of a server, as this machine reaches it: one that listens on all addresses has that of loopback, too."""
    return url.replace("//0.0.0.0:", f"//{LOOPBACK}:").replace("//[::]:", "//[::1]:")
