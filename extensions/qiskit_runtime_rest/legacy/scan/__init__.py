"""Classic use in source files: where it is, what it becomes, and what can be rewritten without asking."""

from __future__ import annotations

from .findings import Finding, Skipped, sarif
from .rules import RULES, Rule
from .scanner import Fix, Scanner, fix, scan

__all__ = ["RULES", "Finding", "Fix", "Rule", "Scanner", "Skipped", "fix", "sarif", "scan"]
