"""Remove secrets from entries before they are written."""

from .entries import HOP_BY_HOP, RESPONSE_HEADERS, Unsanitised, sanitised
from .fakes import SHORTEST as SHORTEST_SECRET
from .packing import unpacked

__all__ = ["HOP_BY_HOP", "RESPONSE_HEADERS", "SHORTEST_SECRET", "Unsanitised", "sanitised", "unpacked"]
