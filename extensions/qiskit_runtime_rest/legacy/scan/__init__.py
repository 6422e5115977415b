"""Find classic use in source files, and rewrite what is safe.

`scanner` reads `files`; `python` (with `facts` and `edits`) and `text` find `addresses`, fields and uses of SDKs by the
`rules` of the tables, and give `findings`.
"""

from __future__ import annotations

from .findings import Finding, Skipped, sarif
from .rules import RULES, Rule
from .scanner import Fix, Scanner, fix, scan

__all__ = ["RULES", "Finding", "Fix", "Rule", "Scanner", "Skipped", "fix", "sarif", "scan"]
