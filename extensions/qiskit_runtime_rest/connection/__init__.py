"""HTTP towards the service: clients with authentication, headers, retries and typed errors."""

from .handle import Handle
from .link import Connection
from .origin import Origin
from .retries import RetryPolicy

__all__ = ["Connection", "Handle", "Origin", "RetryPolicy"]
