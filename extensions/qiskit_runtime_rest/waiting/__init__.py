"""When to ask again, and what the answer means."""

from .pace import Pace
from .states import JobSnapshot
from .wait import Notify, StatusCallback, StatusUpdate, check_timeout, wait

__all__ = ["JobSnapshot", "Notify", "Pace", "StatusCallback", "StatusUpdate", "check_timeout", "wait"]
