"""Submitting jobs: what is asked, how fast, and exactly once."""

from .journal import Entry, Journal
from .once import SubmissionPolicy, Submitter, find_by_tag
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
