"""Write files so that a reader never sees a partial file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Replace the file at `path` by `content` in one step; a symbolic link keeps its target.

    Args:
        path: the file; its folder must exist.
        content: text is written as UTF-8.
        mode: the permissions of the new file; None: read and write for its owner only.

    Raises:
        OSError: the file cannot be written. The old file is unchanged.
    """
    target = Path(os.path.realpath(path))
    data = content.encode() if isinstance(content, str) else content
    try:
        # `mkstemp` creates a file that only its owner can read.
        descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                Path(draft).chmod(mode)
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, f"Cannot write {path}: {error.strerror}") from None
