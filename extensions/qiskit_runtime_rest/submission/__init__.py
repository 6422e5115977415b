"""Submitting jobs: what is asked, how fast, and exactly once."""

from .journal import Entry, Journal
from .lookup import find_by_tag
from .once import SubmissionPolicy, Submitter
from .pacing import SubmissionLimiter
from .request import JobRequest, check_tags

__all__ = [
    "Entry",
    "JobRequest",
    "Journal",
    "SubmissionLimiter",
    "SubmissionPolicy",
    "Submitter",
    "check_tags",
    "find_by_tag",
]
