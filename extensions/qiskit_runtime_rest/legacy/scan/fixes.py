"""A file before and after its fix."""

from __future__ import annotations

import difflib
import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .files import Source, rewrite

__all__ = ["Fix"]


LINES = re.compile(r"[^\n]*\n|[^\n]+")
"""Lines as diffs count them: form feeds and other Unicode separators do not end a line."""


@dataclass(frozen=True)
class Fix:
    """A file before and after the fix. Only `write` writes it."""

    source: Source
    after: str
    within: Path | None = None
    """The folder of the scan that the file is in; None: the file was named itself."""

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path

    @property
    def before(self) -> str:
        """The text before the fix."""
        return self.source.text

    @property
    def changed(self) -> bool:
        """Whether the fix changes the file."""
        return self.after != self.before

    def diff(self) -> str:
        """The change as a unified diff; empty if there is none."""
        lines = difflib.unified_diff(
            LINES.findall(self.before),
            LINES.findall(self.after),
            fromfile=f"a/{self.path.as_posix().lstrip('/')}",
            tofile=f"b/{self.path.as_posix().lstrip('/')}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Replace the file; mode, hard links, encoding, byte order mark and line endings stay.

        Raises:
            OSError: it has changed since it was read, is a link out of the folder of the scan, or cannot be written.
        """
        if self.changed:
            if self.within and not Path(os.path.realpath(self.path)).is_relative_to(os.path.realpath(self.within)):
                raise OSError(errno.EXDEV, f"It is a link to a file outside of {self.within}")
            rewrite(self.path, self.source.encode(self.after), before=self.source.encode(self.before))
