"""HTTP towards the service: clients with authentication, headers, retries and typed errors."""

from .connection import Connection
from .origin import Origin
from .retry_policy import RetryPolicy

__all__ = ["Connection", "Origin", "RetryPolicy"]
