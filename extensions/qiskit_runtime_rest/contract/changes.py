"""What a comparison of two contracts reports."""

from enum import StrEnum

from attrs import frozen

__all__ = ["Change", "Kind"]


class Kind(StrEnum):
    """What a change means to a client that was written for the older contract."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    COSMETIC = "cosmetic"


@frozen
class Change:
    """One difference between two contracts, at one operation.

    A difference in a schema is one change for each operation that uses the schema.
    """

    operation: str
    """Method and path, as in `GET /v1/jobs/{id}`; empty for the document as a whole."""
    location: str
    """The part of the operation, as in `response 200: state.reason`; empty for the operation itself."""
    kind: Kind
    message: str

    def __str__(self) -> str:
        """Write the change as one line: kind, place, message."""
        place = ": ".join(part for part in (self.operation, self.location) if part)
        return f"[{self.kind}] {place}: {self.message}" if place else f"[{self.kind}] {self.message}"
