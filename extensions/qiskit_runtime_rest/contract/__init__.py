"""The REST contract: documents, the contract of each API version, responses checked, and what changed."""

from .changes import Change, Kind
from .compare import compare

__all__ = ["Change", "Kind", "compare"]
