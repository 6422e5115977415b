"""Redirect a request for a classic host to the gateway of this process, with headers about its origin."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from ...errors import RemovedInV1
from ..gateway.server import HOST_HEADER, SECRET_HEADER, WHERE_HEADER
from ..messages import REMOVED
from ..table import find_host
from .calling_line import calling_line

__all__ = ["DETOUR_HEADERS", "LOOPBACK", "PORTS", "REMOVED_STATUS", "Detour", "removed"]

LOOPBACK = "127.0.0.1"
DETOUR_HEADERS = (SECRET_HEADER, HOST_HEADER, WHERE_HEADER)
"""Names of the headers that only a redirected request has."""

REMOVED_STATUS = REMOVED.status
"""Status of the response to a call that v1 does not have."""

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
PRINTABLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")

Headers: TypeAlias = dict[str, str]


@dataclass(kw_only=True)
class Detour:
    """The way to the gateway of this process.

    Attributes:
        port: of the gateway.
        secret: proves to the gateway that the request comes from this process.
        is_open: whether requests are redirected. A patch that could not be removed then lets them pass.
    """

    port: int
    secret: str = field(repr=False)
    is_open: bool = True

    @property
    def authority(self) -> str:
        """The gateway's host and port."""
        return f"{LOOPBACK}:{self.port}"

    def host(self, url: str | None) -> str | None:
        """The classic host in `url`, if requests to it are redirected; else None."""
        try:
            parts = urlsplit(url or "")
            # Another port than the default never belonged to the service: it is a tunnel or a mock of the user.
            redirected = self.is_open and parts.scheme in PORTS and parts.port in (None, PORTS[parts.scheme])
        except ValueError:  # the library raises its own error
            return None
        host = find_host(parts.netloc) if redirected else None
        return host.name if host else None

    def url(self, classic: str) -> str:
        """The URL of the gateway for the URL `classic`."""
        parts = urlsplit(classic)
        scheme = "ws" if parts.scheme.startswith("ws") else "http"
        return parts._replace(scheme=scheme, netloc=self.authority).geturl()

    def headers(self, host: str, *, where: str | None = None) -> Headers:
        """The additional headers. `where`: file and line of the call, if known already."""
        headers = {"Host": self.authority, SECRET_HEADER: self.secret, HOST_HEADER: host}
        if where := where or calling_line():
            headers[WHERE_HEADER] = quote(where, safe=PRINTABLE)
        return headers


def removed(body: bytes) -> RemovedInV1 | None:
    """The error for the body of a response with `REMOVED_STATUS`; None if the response is one of v1."""
    try:
        (error, *_) = json.loads(body)["errors"]
        if error["code"] != REMOVED.code:
            return None
        return RemovedInV1(error["message"], replacement=error["solution"] or None)
    except (ValueError, KeyError, TypeError):
        return None
