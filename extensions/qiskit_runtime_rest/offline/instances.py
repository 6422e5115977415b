"""The instances that a program names: programs look them up in a list, so the list must have them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..config import account_file
from ..errors import ConfigurationError

__all__ = ["named_instances"]

VARIABLE = "QISKIT_IBM_INSTANCE"
AUTOMATIC = "auto"
MOST_BYTES = 2**20
CRN = re.compile(r"crn:v1:[^:\s]*:[^:\s]*:quantum-computing:[^:\s]*:a/[^:\s\"'\\]+:[^:\s\"'\\]+::")
NAMED = re.compile(r"""instance\\?["']?\s*[=:,]\s*\\?["']([^"'\\\n]{1,200})\\?["']""")
"""`instance="name"`, `"instance": "name"`, also inside the JSON of a notebook."""


def named_instances(command: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Names and CRNs of instances in the environment, the account file, and the words and files of a command."""
    found = [environ.get(VARIABLE, ""), *_saved()]
    for text in _texts(command):
        found += CRN.findall(text)
        found += NAMED.findall(text)
    return [name for name in dict.fromkeys(found) if name and name != AUTOMATIC]


def _saved() -> list[str]:
    try:
        accounts, _ = account_file.read_accounts(account_file.default_path())
    except ConfigurationError:  # the program may not need it
        return []
    return [account.instance for account in accounts if account.instance]


def _texts(command: Sequence[str]) -> Iterator[str]:
    for word in command:
        yield word
        try:
            path = Path(word)
            if path.is_file() and path.stat().st_size <= MOST_BYTES:
                yield path.read_text("utf-8", errors="replace")
        except (OSError, ValueError):
            continue
