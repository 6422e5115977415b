"""Child processes of `qrr legacy run`: their calls to the classic hosts, in any language, through a proxy.

The proxy passes connections to all other hosts on. It is for these processes only: they know its password, and the
servers behind it answer no connections but its own.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import secrets
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import certifi
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..base.serving import ThreadedServer, listen
from ..legacy.gateway.server import gateway_app, gateway_server
from ..legacy.translation.translator import Translator
from .authority import Authority
from .environment import CERTIFICATE_VARIABLES, LOCAL, PROXY_VARIABLES
from .hosts import CLASSIC_HOSTS
from .proxy import USER, Destination, Proxy
from .traffic import Traffic

__all__ = ["answering_children"]

LOOPBACK = "127.0.0.1"
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class _OnlyFrom:
    """Refuse requests from other connections than those in `own`."""

    def __init__(self, app: ASGIApp, own: set[Destination]) -> None:
        self._app = app
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or tuple(scope["client"] or ()) in self._own:
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("for one program only", status_code=403)(scope, receive, send)


@contextlib.contextmanager
def answering_children(translator: Translator) -> Iterator[None]:
    """Answer the classic calls of processes that this process starts with `subprocess`, by `translator`.

    Where the environment names a proxy already, nothing is done: it would not be asked for other hosts any more.
    """
    if any(os.environ.get(name) for upper in PROXY_VARIABLES for name in (upper, upper.lower())):
        yield
        return
    own: set[Destination] = set()
    app = gateway_app(translator)
    app.add_middleware(_OnlyFrom, own=own)
    secret = secrets.token_urlsafe(32)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qrr-legacy-")))
        listener = listen(LOOPBACK, 0)
        gateway = listener.getsockname()[:2]
        server = ThreadedServer(
            listener, functools.partial(gateway_server, app, allow_hosts=CLASSIC_HOSTS), name="qrr-children"
        )
        stack.callback(server.close)
        authority = Authority.create(folder, hosts=CLASSIC_HOSTS)
        proxy = Proxy(
            dict.fromkeys(CLASSIC_HOSTS, gateway),
            front=listen(LOOPBACK, 0),
            tls=listen(LOOPBACK, 0),
            context=authority.context,
            traffic=Traffic(),
            secret=secret,
            passes_others=True,
            own=own,
        )
        stack.callback(proxy.close)
        url = proxy.url.replace("://", f"://{USER}:{secret}@")
        stack.enter_context(_given_to_children(_variables(url, _trusted(authority, folder))))
        yield


def _trusted(authority: Authority, folder: Path) -> Path:
    """The certificates that programs trust anyway, and that of the authority."""
    paths = [*map(os.environ.get, BUNDLES), ssl.get_default_verify_paths().cafile, certifi.where()]
    before = next(Path(path) for path in paths if path and Path(path).is_file())
    bundle = folder / "trusted.pem"
    bundle.write_bytes(before.read_bytes() + b"\n" + authority.certificate.read_bytes())
    return bundle


def _variables(proxy: str, bundle: Path) -> Mapping[str, str]:
    proxies = {name: proxy for upper in PROXY_VARIABLES for name in (upper, upper.lower())}
    exempt = dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(LOCAL))
    return {**proxies, **exempt, **dict.fromkeys(CERTIFICATE_VARIABLES, str(bundle)), "NODE_USE_ENV_PROXY": "1"}


@contextlib.contextmanager
def _given_to_children(variables: Mapping[str, str]) -> Iterator[None]:
    original = subprocess.Popen.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(*arguments: Any, **named: Any) -> None:
        bound = signature.bind(*arguments, **named)
        given = bound.arguments.get("env")
        bound.arguments["env"] = {**(os.environ if given is None else given), **variables}
        original(*bound.args, **bound.kwargs)

    subprocess.Popen.__init__ = init  # type: ignore[method-assign]
    try:
        yield
    finally:
        subprocess.Popen.__init__ = original  # type: ignore[method-assign]
