"""When to ask again, and what the answer means."""

from .many import Following
from .pace import Pace
from .pages import PAGE, JobPages
from .patience import LOOKS_FOR_MISSING, Patience, check_timeout
from .queues import WaitTime
from .states import JobSnapshot
from .updates import Notify, StatusCallback, StatusUpdate
from .wait import wait
from .watched import Ended

__all__ = [
    "LOOKS_FOR_MISSING",
    "PAGE",
    "Ended",
    "Following",
    "JobPages",
    "JobSnapshot",
    "Notify",
    "Pace",
    "Patience",
    "StatusCallback",
    "StatusUpdate",
    "WaitTime",
    "check_timeout",
    "wait",
]
