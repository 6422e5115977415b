"""When to ask again, and what the answer means."""

from .pace import Pace
from .states import JobSnapshot
from .wait import StatusCallback, StatusUpdate, wait

__all__ = ["JobSnapshot", "Pace", "StatusCallback", "StatusUpdate", "wait"]
