"""An entry of a cassette: one request with its response."""

from __future__ import annotations

from attrs import field, frozen

from .services import RUNTIME, Service

__all__ = ["Entry", "Headers", "header"]

Headers = tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class Entry:
    """One request with its response; bodies are without content encoding."""

    service: Service
    method: str
    path: str
    """Below the service's address, percent-encoded."""
    query: str = ""
    request_headers: Headers = ()
    request_body: bytes = field(default=b"", repr=False)
    status: int
    response_headers: Headers = ()
    response_body: bytes = field(default=b"", repr=False)
    started: str = "1970-01-01T00:00:00+00:00"
    milliseconds: int = 0

    @property
    def url(self) -> str:
        """The URL at the service's published address."""
        return f"{self.service.published}{self.target}"

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def is_result(self) -> bool:
        """Whether the response is a job's result, final or interim."""
        return self.service is RUNTIME and self.path.endswith(("/results", "/interim_results"))

    def header(self, name: str) -> str:
        """A header of the request, or the empty text."""
        return header(self.request_headers, name)


def header(headers: Headers, name: str) -> str:
    """The first header of that name (lower case), or the empty text."""
    return next((value for key, value in headers if key.lower() == name), "")
