"""Results on disk: receive the bytes of a result, save them, and load them again."""

from __future__ import annotations

import contextlib
import errno
import io
import mmap
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from ..arguments import PATH, check
from ..base.files import PRIVATE_FILE, make_private_folder
from ..errors import ResultDecodeError, ResultNotSaved, ResultUnavailable
from .formats import COUNTS
from .large_documents import LARGE_BYTES, Source
from .result import Result

__all__ = ["IncomingResult", "load_result", "save_result", "saved_copy"]

RESERVED_BYTES = 16 * 2**20
"""Disk space to reserve before a result is read. The service does not send its size first."""

READ_ONCE_SECONDS: Final = 600.0
"""A result that can be read only once, and was asked for in time, may take this long, even after the deadline."""

SPOOLED_FROM_BYTES: Final = LARGE_BYTES
NO_RESERVING: Final = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOTSUP)
SUFFIX: Final = ".json"
PARTIAL_SUFFIX: Final = ".partial"


class IncomingResult:
    """Receives the bytes of one job's result: few in memory, more in a temporary file.

    With a folder, all bytes go to a temporary file in it. `finish` makes this file the saved copy. If that fails, no
    byte is lost.

    Attributes:
        seconds: the response may take at least this long, whatever the caller's deadline.
        size: bytes received so far.
        is_whole: whether the response has ended.
    """

    def __init__(self, job_id: str, *, folder: Path | None, read_once: bool = False) -> None:
        """Open nothing yet. `read_once`: the service sends this result only once."""
        self.seconds = READ_ONCE_SECONDS if read_once else 0.0
        self.size = 0
        self.is_whole = False
        self._read_once = read_once
        self._job_id = job_id
        self._folder = folder
        self._memory = io.BytesIO()
        self._file: int | None = None
        self._path: Path | None = None
        self._is_new = False
        self._failure: OSError | None = None

    def open(self) -> None:
        """Create the file and reserve space for it.

        Raises:
            ResultNotSaved: the folder cannot be written, or its disk is full. Nothing was read.
        """
        if self._folder is None:
            return
        try:
            make_private_folder(self._folder)
            self._file, path = tempfile.mkstemp(
                dir=self._folder, prefix=_name(self._job_id) + ".", suffix=PARTIAL_SUFFIX
            )
            self._path = Path(path)
            self._path.chmod(PRIVATE_FILE)
            _reserve(self._file, self._folder)
        except OSError as error:
            self.close()
            raise ResultNotSaved(
                f"the result of job {self._job_id} was not read, because it cannot be saved in {self._folder} "
                f"({error.strerror or error}): free some space there, or choose another folder with save_to=.",
                job_id=self._job_id,
                path=str(self._folder),
            ) from error

    def begin(self) -> None:
        """Start a response. Its first byte discards the bytes of an earlier response."""
        self.is_whole = False
        self._is_new = True

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. This never fails: if the disk fails, memory takes them."""
        if self._is_new:
            self._is_new = False
            self._restart()
        if self._file is None and self._failure is None and self.size + len(chunk) > SPOOLED_FROM_BYTES:
            self._spill()
        self.size += len(chunk)
        if self._file is None:
            self._memory.write(chunk)
            return
        left = memoryview(chunk)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            self._go_on_in_memory(error, left)

    def end(self) -> None:
        """The response has ended."""
        self.is_whole = self.size > 0 and not self._is_new

    def finish(self, *, program_id: str | None) -> Source:
        """The bytes. With a folder, they are first saved durably under their final name.

        Raises:
            ResultNotSaved: they cannot be saved; the error's `raw` has them.
        """
        if self._folder is None:
            return self._handed_over()
        kept = self._folder / (_name(self._job_id, program_id) + SUFFIX)
        try:
            if self._failure is not None:
                raise self._failure
            assert self._file is not None
            assert self._path is not None
            os.ftruncate(self._file, self.size)
            os.fsync(self._file)
            self._path.replace(kept)
            self._path = None
            _sync_folder(self._folder)
        except OSError as error:
            raise ResultNotSaved(
                f"the result of job {self._job_id} could not be saved in {self._folder} ({error.strerror or error}). "
                f"Its {self.size} bytes are in this error's `raw`: write them to a file, or decode them with "
                "qiskit_runtime_rest.results.decode(error.raw). The service may not send them again.",
                job_id=self._job_id,
                path=str(self._folder),
                raw=self.so_far(),
            ) from error
        return _source(kept)

    def so_far(self) -> bytes:
        """The bytes received so far."""
        return self._memory.getvalue() if self._file is None else self._read(self.size)

    def close(self) -> None:
        """Close and remove the file; but keep the bytes of a result that can be read only once."""
        if self._file is not None and self._path is not None and self._read_once and self.size:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.size)
            self._path = None
        self._remove()

    def _remove(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    def _go_on_in_memory(self, error: OSError, left: memoryview) -> None:
        """Keep the bytes on disk, and those that are `left`."""
        self._memory = io.BytesIO(self._read(self.size - len(left)) + left)
        self._memory.seek(0, os.SEEK_END)
        self._failure = error
        self._remove()

    def _read(self, size: int) -> bytes:
        assert self._file is not None
        os.lseek(self._file, 0, os.SEEK_SET)
        with open(self._file, "rb", closefd=False) as file:
            return file.read(size)

    def _restart(self) -> None:
        self.size = 0
        self._memory = io.BytesIO()
        if self._file is not None:
            os.lseek(self._file, 0, os.SEEK_SET)

    def _spill(self) -> None:
        """Move from memory to a file without a name, if possible."""
        try:
            with tempfile.TemporaryFile() as file:
                file.write(self._memory.getbuffer())
                file.flush()
                self._file = os.dup(file.fileno())
            self._memory = io.BytesIO()
        except OSError as error:
            self._failure = error

    def _handed_over(self) -> Source:
        if self._file is None:
            return self._memory.getvalue()
        return mmap.mmap(self._file, self.size, access=mmap.ACCESS_READ)


def save_result(raw: bytes, job_id: str, *, program_id: str | None, folder: Path) -> None:
    """Save bytes that were read before.

    Raises:
        ResultNotSaved: they cannot be saved.
    """
    incoming = IncomingResult(job_id, folder=folder)
    incoming.open()
    try:
        incoming.begin()
        incoming.write(raw)
        incoming.finish(program_id=program_id)
    finally:
        incoming.close()


def load_result(path: str | Path) -> Result:
    """The result in a file; needs neither the service nor settings.

    Reads what `save_to` saved (`<job id>.<program>.json`). Under any other name it also reads a download of the
    dashboard (`job-<id>-result.json`), a `Result` with counts (that of the circuit runners, too), and a
    `PrimitiveResult`, pub result, `DataBin` or `BitArray`, or a list of them, that was written with `RuntimeEncoder`
    of qiskit-ibm-runtime.

    Raises:
        InvalidInput: `path` is not a path.
        ResultUnavailable: there is no such file, or it cannot be read.
        ResultDecodeError: the file is damaged, or has none of these.
    """
    check({"path": path}, {"path": PATH})
    path = Path(path)
    try:
        source = _source(path)
    except (OSError, ValueError) as error:
        raise ResultUnavailable(
            f"cannot read a saved result from {path}: {getattr(error, 'strerror', None) or error}."
        ) from error
    program_id = _program_of(path.name)
    result = Result(source, program_id=program_id)
    if program_id is None and result.kind == "json":
        result = Result(source, program_id=COUNTS)
    if program_id is None and result.kind in ("text", "json"):
        message = (
            f"{path} has no result that can be read: expected a file that save_to= saved, a result downloaded from the "
            "dashboard, or a Result, PrimitiveResult, pub result, DataBin or BitArray written with RuntimeEncoder. "
            "This error's `raw` keeps the bytes."
        )
        raise ResultDecodeError(message, raw=result.raw)
    return result


def _program_of(name: str) -> str | None:
    parts = name.split(".")
    return unquote(parts[1]) if len(parts) == 3 and name.endswith(SUFFIX) else None


def saved_copy(job_id: str, folder: Path) -> Path | None:
    """The path of the saved result of this job in `folder`, or None."""
    found = [*folder.glob(_name(job_id) + SUFFIX), *folder.glob(f"{_name(job_id)}.*{SUFFIX}")]
    return found[0] if found else None


def _name(job_id: str, program_id: str | None = None) -> str:
    """A file name without its suffix. Quoting keeps it inside the folder and apart from the suffix."""
    parts = [job_id] if program_id is None else [job_id, program_id]
    return ".".join(quote(part, safe="").replace(".", "%2E") for part in parts)


def _source(path: Path) -> Source:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < SPOOLED_FROM_BYTES:
            return file.read()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _reserve(file: int, folder: Path) -> None:
    if shutil.disk_usage(folder).free < RESERVED_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file, 0, RESERVED_BYTES)
        except OSError as error:
            if error.errno not in NO_RESERVING:
                raise


def _sync_folder(folder: Path) -> None:
    """Make a renaming durable, on systems that can open folders."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
