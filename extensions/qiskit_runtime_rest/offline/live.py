"""The live services behind their names: requests are sent on unchanged, with the program's own credentials."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..base.serving import host_name
from ..cassettes.forwarding import Forwarder
from ..cassettes.services import IAM, RUNTIME, SERVICES, Service, located
from .hosts import OTHER_HOSTS, RUNTIME_HOSTS, SERVICE_HOSTS

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

    from ..config.settings import Settings

__all__ = ["live_app"]

log = logging.getLogger("qiskit_runtime_rest.offline")


def live_app(settings: Settings) -> Starlette:
    """An ASGI application that stands for all services; each request's header `Host` says which.

    A service that the settings or the environment put elsewhere is reached there.
    """
    addresses = {service: _address(like, service, settings) for service, like in _services().items()}

    def locate(request: Request) -> tuple[Service, str] | None:
        path = (request.scope.get("raw_path") or request.scope["path"].encode()).decode("ascii", "replace")
        host = host_name(request.headers.get("host", "")).lower()
        found = located(f"https://{host}{path.partition('?')[0]}", addresses)
        return found[:2] if found else None

    return Forwarder(settings, addresses, keep=lambda *_: None, remark=log.warning, locate=locate).app


def _services() -> dict[Service, Service]:
    """Each name as a service of its own, with the recorder's service of the same kind."""
    likes = {urlsplit(like.published).netloc: like for like in SERVICES}
    likes |= dict.fromkeys(RUNTIME_HOSTS, RUNTIME) | {host: IAM for host in OTHER_HOSTS if "iam." in host}
    published = {host: urlsplit(likes[host].published) for host in SERVICE_HOSTS}
    return {
        Service(
            prefix=f"/{host}", variable=likes[host].variable, published=parts._replace(netloc=host).geturl()
        ): likes[host]
        for host, parts in published.items()
    }


def _address(service: Service, like: Service, settings: Settings) -> str:
    given = {RUNTIME: settings.base_url, IAM: settings.iam_url}.get(like) or os.environ.get(like.variable, "")
    is_elsewhere = given and urlsplit(given).hostname not in SERVICE_HOSTS
    return (given if is_elsewhere else service.published).rstrip("/")
