"""Check recorded responses against the contract."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from attrs import frozen

from qiskit_runtime_api.http_library import httpx

from ..config.api_versions import API_VERSION, SUNSETS
from ..contract.response_check import Checker
from .entry import Entry
from .services import RUNTIME

__all__ = ["Judgement", "checker", "judged"]


@frozen(kw_only=True)
class Judgement:
    """The outcome of a check of entries."""

    checked: int
    """How many responses were checked: those to requests with an API version that this release knows."""
    violations: tuple[str, ...]

    def __str__(self) -> str:
        """One line."""
        return f"{self.checked} responses checked against the contract, {len(self.violations)} violations"


def judged(entries: Iterable[Entry]) -> Judgement:
    """Check each response against the contract of the API version in its request."""
    checkable = [one for one in entries if one.service is RUNTIME and one.header("ibm-api-version") in SUNSETS]
    found = [checker().violation(_response(one)) for one in checkable]
    return Judgement(checked=len(checkable), violations=tuple(str(one) for one in found if one is not None))


@cache
def checker() -> Checker:
    """The checker of all entries. Raises: MissingExtra."""
    return Checker(base_url=RUNTIME.published, api_version=API_VERSION)


def _response(one: Entry) -> httpx.Response:
    request = httpx.Request(one.method, one.url, headers=list(one.request_headers))
    return httpx.Response(one.status, headers=list(one.response_headers), content=one.response_body, request=request)
