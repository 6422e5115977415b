"""Classic use in source files: where it is, what it becomes, and what can be rewritten without asking."""

from .finding import Finding, Rule, Skipped
from .rules import RULES
from .sarif import sarif
from .scanner import Fix, Scanner, fix, scan

__all__ = ["RULES", "Finding", "Fix", "Rule", "Scanner", "Skipped", "fix", "sarif", "scan"]
