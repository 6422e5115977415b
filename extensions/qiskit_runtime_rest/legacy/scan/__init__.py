"""Find classic use in source files, and rewrite what is safe.

`scanner` goes through files, in a `separate` process; an `examination` reads one of the `files`. In it, `python` (with
`facts` and `edits`) and `text` find `addresses`, fields and uses of SDKs by the `rules` of the tables, and give
`findings` and `fixes`.
"""

from __future__ import annotations

from .findings import Finding, Skipped, sarif
from .fixes import Fix
from .rules import RULES, Rule
from .scanner import Scanner, fix, scan

__all__ = ["RULES", "Finding", "Fix", "Rule", "Scanner", "Skipped", "fix", "sarif", "scan"]
