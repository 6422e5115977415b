"""HTTP towards the service: clients with authentication, headers, retries and typed errors."""

from .connection import Connection, Origin

__all__ = ["Connection", "Origin"]
