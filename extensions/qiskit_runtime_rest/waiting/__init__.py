"""When to ask again, and what the answer means."""

from .many import Following
from .pages import PAGE, JobPages
from .poll_interval import PollInterval
from .queues import WaitTime
from .states import JobSnapshot
from .updates import Notify, StatusCallback, StatusUpdate
from .wait import wait
from .wait_budget import LOOKS_FOR_MISSING, WaitBudget, check_timeout
from .watched import EndedJob

__all__ = [
    "LOOKS_FOR_MISSING",
    "PAGE",
    "EndedJob",
    "Following",
    "JobPages",
    "JobSnapshot",
    "Notify",
    "PollInterval",
    "StatusCallback",
    "StatusUpdate",
    "WaitBudget",
    "WaitTime",
    "check_timeout",
    "wait",
]
