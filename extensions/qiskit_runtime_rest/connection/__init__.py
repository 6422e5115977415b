"""HTTP towards the service: clients with authentication, headers, retries and typed errors."""

from .link import Connection
from .retries import RetryPolicy

__all__ = ["Connection", "RetryPolicy"]
