"""Whether recorded answers keep the contract."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import httpx
from attrs import frozen

from ..config.api_versions import API_VERSION, SUNSETS
from ..contract.answer_check import Checker
from .exchange import Exchange
from .services import RUNTIME

__all__ = ["Judgement", "checker", "judged"]


@frozen(kw_only=True)
class Judgement:
    """What a check of exchanges found."""

    checked: int
    """Answers of the service to requests that name an API version that this release knows."""
    violations: tuple[str, ...]

    def __str__(self) -> str:
        """One line."""
        return f"{self.checked} exchanges checked against the contract, {len(self.violations)} violations"


def judged(exchanges: Iterable[Exchange]) -> Judgement:
    """Check answers, each against the contract of the API version that its request asked for."""
    fit = [one for one in exchanges if one.service is RUNTIME and one.header("ibm-api-version") in SUNSETS]
    found = [checker().violation(_response(one)) for one in fit]
    return Judgement(checked=len(fit), violations=tuple(str(one) for one in found if one is not None))


@cache
def checker() -> Checker:
    """What answers are checked with. Raises: MissingExtra."""
    return Checker(base_url=RUNTIME.published, api_version=API_VERSION)


def _response(one: Exchange) -> httpx.Response:
    request = httpx.Request(one.method, one.url, headers=list(one.asked))
    return httpx.Response(one.status, headers=list(one.answered), content=one.body, request=request)
