"""Read a job's result: all of its bytes, saved first if a folder is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qiskit_runtime_api.api import jobs as jobs_api

from ...errors import ApiError, NotFound, ResultUnavailable, TransportError
from ...http.calls import fetch
from ...plans.clock import Clock
from ...plans.effects import InThread, Sleep
from ...plans.plan import Plan
from ...results.files import IncomingResult, saved_copy
from ...results.large_documents import Source

__all__ = ["Reading"]

LOOKS_AGAIN = (0.25, 0.75)
"""Seconds before the second and the third look for the result of a completed job, when the answer is 204.

The service stores status and result apart, so a result can lag a moment behind the status: two more looks within a
second find it. Longer waits find nothing: about one completed job in fifty has been seen without a result, for good,
and the caller should hear of it at once.
"""


@dataclass(kw_only=True)
class Reading:
    """How the result of a completed job is read.

    Attributes:
        job_id, program_id: the job.
        private: whether the service gives the result once only.
        folder: where it is saved; None: nowhere.
        clock: as of the client.
        began: when the wait for the job began, in seconds of the clock.
        timeout: seconds from then on; None: no deadline.
        partial: the bytes of an earlier read that was cut short; after `read`, also those of this one.
    """

    job_id: str
    program_id: str | None
    private: bool
    folder: Path | None
    clock: Clock
    began: float
    timeout: float | None
    partial: bytes = b""

    def read(self) -> Plan[Source]:
        """The bytes of the result.

        Raises:
            ResultUnavailable: there is none (any more).
            ResultNotSaved: it cannot be saved in the folder.
            ApiError, TransportError: it could not be read.
        """
        incoming = IncomingResult(self.job_id, folder=self.folder, read_once=self.private)
        try:
            if self.folder is None:
                yield from self._receive(incoming)
                return incoming.finish(program_id=self.program_id)
            yield InThread(incoming.open)
            yield from self._receive(incoming)
            source: Source = yield InThread(lambda: incoming.finish(program_id=self.program_id))
            return source
        except BaseException:
            # A caller that is cancelled gets no error to keep it in.
            if self.private and incoming.size:
                self.partial = incoming.so_far()
            raise
        finally:
            incoming.close()

    def _receive(self, incoming: IncomingResult) -> Plan[None]:
        for pause in (0.0, *LOOKS_AGAIN):
            if pause:
                yield Sleep(pause if self._left is None else min(pause, self._left))
            try:
                yield from fetch(jobs_api.get_job_results, budget=self._left, sink=incoming, id=self.job_id)
            except (ApiError, TransportError) as failure:
                # The bytes of a result that is given only once matter more than the error that ended the read.
                if isinstance(failure, NotFound) or (self.private and incoming.size):
                    raise self._unavailable(incoming) from failure
                raise
            if incoming.is_whole:
                return
            if self._left == 0:
                break
        raise self._unavailable(incoming)

    @property
    def _left(self) -> float | None:
        """Seconds until the deadline; None without one."""
        if self.timeout is None:
            return None
        return max(0.0, self.began + self.timeout - self.clock.monotonic())

    def _unavailable(self, incoming: IncomingResult) -> ResultUnavailable:
        why = " (a private job's result can be read once)" if self.private else ""
        message = f"job {self.job_id}: the service has no result for this completed job{why}."
        copy = None if self.folder is None else saved_copy(self.job_id, self.folder)
        if copy is not None:
            message += f" An earlier read saved it: read it with client.load_result({str(copy)!r})."
        raw = incoming.so_far() or self.partial
        if raw:
            message += f" Reading it was cut short: the {len(raw)} bytes read so far are in the `raw` of this error"
            message += f", and in a file *.partial in {self.folder}." if self.folder and incoming.size else "."
        return ResultUnavailable(message, job_id=self.job_id, saved=None if copy is None else str(copy), raw=raw)
