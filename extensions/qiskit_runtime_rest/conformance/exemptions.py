"""Findings that the contract's words allow: the table `exemptions.toml`, and its use in a run."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from schemathesis import Case, HookContext, Response
    from schemathesis.core.failures import Failure

__all__ = ["Exemption", "Exemptions", "exemptions", "operation_id"]


@frozen(kw_only=True)
class Exemption:
    """One kind of finding at one operation that is not reported, and the contract's sentence that allows it."""

    operation: str
    failure: str
    says: str
    because: str
    statuses: frozenset[int] = field(default=frozenset(), converter=frozenset)
    about: str = ""

    def covers(self, failure: Failure, *, operation: str, status: int) -> bool:
        """Whether it applies to a finding."""
        return (
            operation == self.operation
            and type(failure).__name__ == self.failure
            and (not self.statuses or status in self.statuses)
            and re.search(self.about, failure.message) is not None
        )


@cache
def exemptions() -> tuple[Exemption, ...]:
    """All exemptions of the table."""
    table = tomllib.loads(resources.files(__package__).joinpath("exemptions.toml").read_text("utf-8"))
    return tuple(Exemption(**entry) for entry in table["exemption"])


class Exemptions:
    """The exemptions of one run, and how often each was needed."""

    def __init__(self, listed: Iterable[Exemption] | None = None) -> None:
        """By default all of the table."""
        self.listed = exemptions() if listed is None else tuple(listed)
        self.needed: Counter[Exemption] = Counter()

    def is_finding(self, _context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
        """Whether a failure is a finding: schemathesis's hook `filter_failure`."""
        operation = operation_id(case)
        found = next(
            (one for one in self.listed if one.covers(failure, operation=operation, status=response.status_code)), None
        )
        if found is not None:
            self.needed[found] += 1
        return found is None


def operation_id(case: Case[Any]) -> str:
    """The `operationId` in the contract of the operation that a request is for."""
    definition: Any = case.operation.definition.raw
    return str(definition["operationId"])
