"""Where the service's state is kept: one small interface, in memory or in a file."""

from .interface import Storage
from .memory import MemoryStorage
from .sqlite import SqliteStorage, StateInUse, UnusableState

__all__ = ["MemoryStorage", "SqliteStorage", "StateInUse", "Storage", "UnusableState"]
