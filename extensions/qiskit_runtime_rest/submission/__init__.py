"""Submitting jobs: what is asked, how fast, and exactly once."""

from .journal import Claim, ClaimLost, Entry, Journal
from .lookup import find_by_tag
from .rate_limit import SubmissionLimiter
from .request import JobRequest, Submitted, check_tags
from .submitter import SubmissionPolicy, Submitter

__all__ = [
    "Claim",
    "ClaimLost",
    "Entry",
    "JobRequest",
    "Journal",
    "SubmissionLimiter",
    "SubmissionPolicy",
    "Submitted",
    "Submitter",
    "check_tags",
    "find_by_tag",
]
