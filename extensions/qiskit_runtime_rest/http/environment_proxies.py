"""The environment's proxies where `NO_PROXY` has networks, such as `fd00::/8`, which httpx cannot read."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies

from ..errors import ConfigurationError

__all__ = ["proxies_without_networks"]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def proxies_without_networks(urls: Iterable[str]) -> dict[str, str | None] | None:
    """The environment's proxies as httpx's URL patterns; None if httpx can read them itself.

    A pattern cannot be a network, so the hosts of `urls` that are addresses of one get a pattern each.

    Raises:
        ConfigurationError: an entry of `NO_PROXY` looks like a network, and is not one.
    """
    proxies = getproxies()
    entries = [entry.strip() for entry in proxies.get("no", "").split(",") if entry.strip()]
    networks = [network for entry in entries if (network := _network(entry)) is not None]
    for entry in entries:
        if (entry.startswith("[") or "/" in entry) and "://" not in entry and _network(entry) is None:
            raise ConfigurationError(
                f"NO_PROXY: {entry!r} is not a host, an address, or a network such as 10.0.0.0/8. Correct or remove it."
            )
    if not networks:
        return None
    if "*" in entries:
        return {}
    patterns: dict[str, str | None] = {
        f"{scheme}://": proxies[scheme] if "://" in proxies[scheme] else f"http://{proxies[scheme]}"
        for scheme in ("http", "https", "all")
        if proxies.get(scheme)
    }
    for entry in entries:
        if _network(entry) is None:
            patterns[_pattern(entry)] = None
    for url in urls:
        address = _address(urlsplit(url).hostname or "")
        if address is not None and any(address in network for network in networks):
            patterns[_pattern(str(address))] = None
    return patterns


def _pattern(entry: str) -> str:
    address = _address(entry.strip("[]"))
    if "://" in entry:
        return entry
    if address is not None:
        return f"all://[{address}]" if address.version == 6 else f"all://{address}"
    return f"all://{entry}" if entry.lower() == "localhost" else f"all://*{entry}"


def _network(entry: str) -> Network | None:
    """The network that `entry` is; also an address in brackets, which httpx does not read either."""
    if "/" not in entry and not entry.startswith("["):
        return None
    try:
        return ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
