"""The emulated service itself: all its state, and the parts that guard it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import devices
from .clock import Clock
from .contract import Contract
from .identifiers import Identifiers
from .identity.models import Identity
from .instances.models import Instances
from .jobs.execution import Execution, WorkerPool
from .jobs.models import Jobs
from .sessions.models import Sessions
from .storage import MemoryStorage, SqliteStorage
from .submissions import SubmissionLimits
from .validation import RequestCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import Options
    from .storage import Storage

__all__ = ["Service"]


class Service:
    """One running service: its clock, storage, users, instances, jobs and sessions.

    It knows no HTTP. All of it is used from one event loop only, so that nothing needs a lock.
    """

    def __init__(
        self,
        options: Options,
        *,
        contract: Contract | None = None,
        storage: Storage | None = None,
        pool: Callable[[int], WorkerPool] | None = None,
    ) -> None:
        """Take up what the storage holds.

        By default: the file or memory of the options, the packaged contract, real worker processes.
        """
        self.options = options
        self.contract = contract or Contract.load()
        self.check = RequestCheck(self.contract)
        self.clock = Clock(virtual=options.virtual_clock)
        self.identifiers = Identifiers(seed=options.seed)
        self.storage = storage or (MemoryStorage() if options.state is None else SqliteStorage(options.state))
        self.identity = Identity(clock=self.clock, storage=self.storage, token_seconds=options.token_seconds)
        self.jobs = Jobs(clock=self.clock, storage=self.storage, identifiers=self.identifiers)
        self.sessions = Sessions(clock=self.clock, storage=self.storage, identifiers=self.identifiers)
        self.instances = Instances(
            storage=self.storage,
            quota_seconds=options.quota_seconds,
            clock=self.clock,
            usage_of=self.jobs.used_seconds,
            device_names=devices.names,
        )
        self.execution = Execution(
            jobs=self.jobs,
            sessions=self.sessions,
            clock=self.clock,
            identifiers=self.identifiers,
            pace=options.pace,
            workers=options.workers,
            pool=pool or _worker_processes(warm=options.warm),
        )
        self.limits = SubmissionLimits(
            clock=self.clock,
            per_minute=options.submissions_per_minute,
            pending_jobs=options.pending_jobs,
        )

    def start(self) -> None:
        """Go on with the jobs that an earlier run has left; start the workers if that was chosen."""
        if self.options.warm:
            self.execution.start_workers()
        self.execution.settle()

    def reset(self) -> None:
        """Back to the start: no jobs, no sessions, the first seed, pace and clock."""
        self.jobs.reset()
        self.sessions.reset()
        self.execution.reset()
        self.storage.clear()
        self.identity.reset()
        self.instances.reset()
        self.limits.reset()
        self.identifiers.reseed(self.options.seed)
        self.execution.pace = self.options.pace
        self.clock.restart()

    def close(self) -> None:
        """Stop the workers and close the storage."""
        self.execution.close()
        self.storage.close()


def _worker_processes(*, warm: bool) -> Callable[[int], WorkerPool]:
    def start(count: int) -> WorkerPool:
        from .workers import Workers

        return Workers(count=count, warm=warm)

    return start
