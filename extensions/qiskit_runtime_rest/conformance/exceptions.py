"""Where the contract is not to be taken by the letter: a table, `exceptions.toml`, and how it is applied to a run."""

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

__all__ = ["Allowed", "Exception_", "exceptions", "operation_id"]


@frozen(kw_only=True)
class Exception_:  # noqa: N801 - the word of the field; Python has taken the other one
    """One kind of finding at one operation, and the contract's sentence that allows it."""

    operation: str
    failure: str
    says: str
    because: str
    statuses: frozenset[int] = field(default=frozenset(), converter=frozenset)
    about: str = ""

    def covers(self, failure: Failure, *, operation: str, status: int) -> bool:
        """Whether a finding is one of these."""
        return (
            operation == self.operation
            and type(failure).__name__ == self.failure
            and (not self.statuses or status in self.statuses)
            and re.search(self.about, failure.message) is not None
        )


def exceptions() -> tuple[Exception_, ...]:
    """The findings that are none."""
    return tuple(Exception_(**entry) for entry in _table()["exception"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("exceptions.toml").read_text("utf-8"))


class Allowed:
    """The exceptions in force in one run, and how often each was needed."""

    def __init__(self, listed: Iterable[Exception_] | None = None) -> None:
        """By default all of the table."""
        self.exceptions = exceptions() if listed is None else tuple(listed)
        self.needed: Counter[Exception_] = Counter()

    def keep(self, _context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
        """Schemathesis's hook `filter_failure`: whether a failure is a finding."""
        operation = operation_id(case)
        found = next(
            (one for one in self.exceptions if one.covers(failure, operation=operation, status=response.status_code)),
            None,
        )
        if found is not None:
            self.needed[found] += 1
        return found is None

    @property
    def idle(self) -> tuple[Exception_, ...]:
        """Those that were not needed."""
        return tuple(one for one in self.exceptions if not self.needed[one])


def operation_id(case: Case[Any]) -> str:
    """Give the contract's name of the operation that a request is for."""
    definition: Any = case.operation.definition.raw
    return str(definition["operationId"])
