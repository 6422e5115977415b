"""Write files so that a reader never sees a partial file, and make what only its owner may read, under any umask."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["PRIVATE_FILE", "make_private_file", "make_private_folder", "write_atomically"]

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_private_folder(path: Path) -> None:
    """Make the folder and its missing parents, for their owner only; those that exist stay as they are.

    Raises:
        OSError: a folder cannot be made.
    """
    for folder in reversed([one for one in (path, *path.parents) if not one.exists()]):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(PRIVATE_FOLDER)
            folder.chmod(PRIVATE_FOLDER)
    path.mkdir(exist_ok=True)  # refuses a file in its place


def make_private_file(path: Path) -> None:
    """Make an empty file for its owner only, for code that would make one with the umask; one that exists stays.

    Raises:
        OSError: the file cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))
        path.chmod(PRIVATE_FILE)


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
            Path(draft).chmod(PRIVATE_FILE if mode is None else mode)
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, f"Cannot write {path}: {error.strerror}") from None
