"""One request and its answer."""

from __future__ import annotations

from attrs import field, frozen

from .services import RUNTIME, Service

__all__ = ["Exchange", "Headers"]

Headers = tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class Exchange:
    """What was asked and answered; bodies without any content encoding."""

    service: Service
    method: str
    path: str
    """Below the service's address, percent-encoded."""
    query: str = ""
    asked: Headers = ()
    """The request's headers."""
    sent: bytes = field(default=b"", repr=False)
    """The request's body."""
    status: int
    answered: Headers = ()
    """The answer's headers."""
    body: bytes = field(default=b"", repr=False)
    began: str = "1970-01-01T00:00:00+00:00"
    milliseconds: int = 0

    @property
    def url(self) -> str:
        """The published address that was asked."""
        return f"{self.service.published}{self.target}"

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def is_result(self) -> bool:
        """Whether it reads what a job measured."""
        return self.service is RUNTIME and self.path.endswith(("/results", "/interim_results"))

    def header(self, name: str) -> str:
        """A header of the request, or the empty text."""
        return header(self.asked, name)


def header(headers: Headers, name: str) -> str:
    """The first header of that name (lower case), or the empty text."""
    return next((value for key, value in headers if key.lower() == name), "")
