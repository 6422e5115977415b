"""Where a call to a classic host goes instead, and what is told along with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from ...errors import RemovedInV1
from ..gateway.server import HOST_HEADER, SECRET_HEADER, WHERE_HEADER
from ..messages import REMOVED
from ..table import find_host
from .caller import caller

__all__ = ["DETOUR_HEADERS", "REMOVED_STATUS", "Detour", "removed"]

LOOPBACK = "127.0.0.1"
DETOUR_HEADERS = (SECRET_HEADER, HOST_HEADER, WHERE_HEADER)
"""Names of the headers that a call has on the detour only."""

REMOVED_STATUS = REMOVED.status
"""Status of the answer to a call that v1 has no counterpart for."""

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
PRINTABLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")

Headers: TypeAlias = dict[str, str]


@dataclass(kw_only=True)
class Detour:
    """The way to a gateway on this machine.

    Attributes:
        port: of the gateway.
        secret: shows the gateway that its additional headers are true.
        is_open: whether calls take it; a patch that could not be taken off lets them pass.
    """

    port: int
    secret: str = field(repr=False)
    is_open: bool = True

    @property
    def authority(self) -> str:
        """The gateway's host and port."""
        return f"{LOOPBACK}:{self.port}"

    def host(self, url: str | None) -> str | None:
        """The classic host that `url` names, when calls to it take the detour."""
        try:
            parts = urlsplit(url or "")
            # Another port than that of the scheme was never the service's: somebody's own tunnel or mock.
            takes_it = self.is_open and parts.scheme in PORTS and parts.port in (None, PORTS[parts.scheme])
        except ValueError:  # for the library to refuse, in its own words
            return None
        host = find_host(parts.netloc) if takes_it else None
        return host.name if host else None

    def url(self, classic: str) -> str:
        """Where a call to the URL `classic` goes."""
        parts = urlsplit(classic)
        scheme = "ws" if parts.scheme.startswith("ws") else "http"
        return parts._replace(scheme=scheme, netloc=self.authority).geturl()

    def headers(self, host: str, *, where: str | None = None) -> Headers:
        """What is sent along. `where`: file and line of the call, where they are known already."""
        told = {"Host": self.authority, SECRET_HEADER: self.secret, HOST_HEADER: host}
        if where := where or caller():
            told[WHERE_HEADER] = quote(where, safe=PRINTABLE)
        return told


def removed(body: bytes) -> RemovedInV1 | None:
    """The error that an answer with the status `REMOVED_STATUS` stands for; None when it is another one, of v1's."""
    try:
        (error, *_) = json.loads(body)["errors"]
        if error["code"] != REMOVED.code:
            return None
        return RemovedInV1(error["message"], replacement=error["solution"] or None)
    except (ValueError, KeyError, TypeError):
        return None
