"""Classic use in source files: where it is, what it becomes, and what can be rewritten without asking."""

from .finding import Finding, Rule, Skipped
from .scanner import Scanner, scan

__all__ = ["Finding", "Rule", "Scanner", "Skipped", "scan"]
