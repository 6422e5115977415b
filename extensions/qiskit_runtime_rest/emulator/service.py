"""The emulated service without HTTP: all its state, and the rules for it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from .contract import Contract
from .programs import Policy
from .request_check import RequestCheck
from .state.clock import Clock
from .state.execution import Execution, WorkerPool
from .state.fleet import Fleet
from .state.identifiers import Identifiers
from .state.identity import Identity
from .state.instances import Instances
from .state.jobs import Jobs
from .state.sessions import Sessions
from .state.storage import MemoryStorage, SqliteStorage, Storage
from .state.submission_limits import SubmissionLimits
from .workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import Options

__all__ = ["Service"]

# A job whose simulation is estimated to take longer is heavy: it never keeps others waiting.
_LIGHT_SECONDS = 5.0


class Service:
    """One running service: its clock, storage, users, devices, instances, jobs and sessions.

    One event loop uses all of it, so nothing needs a lock.
    """

    def __init__(self, options: Options, *, pool: Callable[[int], WorkerPool] | None = None) -> None:
        """Load the state from the storage that the options choose. `pool` replaces the worker processes."""
        self.options = options
        self.contract = Contract.load()
        self.check = RequestCheck(self.contract)
        self.clock = Clock(virtual=options.virtual_clock)
        self.identifiers = Identifiers(seed=options.seed)
        self.storage: Storage = MemoryStorage() if options.state is None else SqliteStorage(options.state)
        self.identity = Identity(
            clock=self.clock,
            storage=self.storage,
            token_seconds=options.token_seconds,
            any_key=options.any_account,
        )
        self.jobs = Jobs(clock=self.clock, storage=self.storage, identifiers=self.identifiers)
        self.sessions = Sessions(clock=self.clock, storage=self.storage, identifiers=self.identifiers)
        self.fleet = Fleet(options.devices)
        self.instances = Instances(
            storage=self.storage,
            fleet=self.fleet,
            quota_seconds=options.quota_seconds,
            clock=self.clock,
            usage_of=self.jobs.index.used_seconds,
            further=options.instances,
            any_crn=options.any_account,
        )
        self.execution = Execution(
            jobs=self.jobs,
            sessions=self.sessions,
            clock=self.clock,
            identifiers=self.identifiers,
            progress=options.pace,
            workers=options.workers,
            fleet=self.fleet,
            transaction=self.storage.transaction,
            may_run=self.instances.may_run,
            pool=pool or functools.partial(_workers, options),
        )
        self.limits = SubmissionLimits(
            clock=self.clock,
            per_minute=options.submissions_per_minute,
            pending_jobs=options.pending_jobs,
        )

    def start(self) -> None:
        """Continue the jobs of an earlier run; start the workers if the option `warm` asks for it.

        Raises:
            UnusableState: the state file is damaged.
        """
        if self.options.warm:
            self.execution.start_workers()
        try:
            self.execution.settle()
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise self.storage.damaged(error) from error

    def reset(self) -> None:
        """Go back to the start: no jobs or sessions; seed, pace and clock as the options say."""
        with self.storage.transaction():
            self.storage.clear()
            self.identity.keep_key()
        self.jobs.reset()
        self.sessions.reset()
        self.execution.reset()
        self.identity.reset()
        self.instances.reset()
        self.fleet.reset()
        self.limits.reset()
        self.identifiers.reseed(self.options.seed)
        self.execution.progress = self.options.pace
        self.clock.restart()

    def close(self) -> None:
        """Stop the workers and close the storage."""
        self.execution.close()
        self.storage.close()


def _workers(options: Options, count: int) -> WorkerPool:
    policy = Policy(
        lenient=options.lenient,
        resilience_level=options.resilience_level,
        simulation_seconds=options.simulation_seconds,
        light_seconds=_LIGHT_SECONDS,
    )
    return Workers(count=count, warm=options.warm, policy=policy)
