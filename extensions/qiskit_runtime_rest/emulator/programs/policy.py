"""The choices of the service's user that all programs follow."""

from __future__ import annotations

import os
from functools import cache

from attrs import frozen

__all__ = ["STRICT", "Policy"]

# What a machine has, if it does not say.
_SOME_MEMORY = 8 * 2**30


@frozen(kw_only=True)
class Policy:
    """Which circuits run, how, and how long their simulation may take."""

    lenient: bool = False
    """Run what the simulator can run: OpenQASM 2, gates that the device lacks, all control flow, any angle of `rzz`."""
    resilience_level: int = 1
    """The level of `estimator` jobs that name none; 0 shows the device's noise."""
    simulation_seconds: float = 120.0
    """The limit for one job: of the estimate, and of the processor time that a worker then takes."""
    light_seconds: float | None = None
    """Up to this estimate a job is light; others are told to be heavy, and do not run. `None`: run all."""
    memory_bytes: int | None = None
    """The limit for one circuit; by default half of the machine's memory."""

    @property
    def most_memory_bytes(self) -> int:
        """The limit for one circuit."""
        return self.memory_bytes or _memory_bytes() // 2


@cache
def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _SOME_MEMORY


STRICT = Policy()
"""As on hardware."""
