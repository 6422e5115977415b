"""Waiting for jobs: when to ask again, and what the response means."""

from .following import Following, wait
from .job_states import EndedJob, JobSnapshot
from .pages import PAGE, JobPages
from .updates import Notify, StatusCallback, StatusUpdate, WaitTime
from .wait_budget import CHECKS_FOR_MISSING, PollInterval, WaitBudget

__all__ = [
    "CHECKS_FOR_MISSING",
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
    "wait",
]
