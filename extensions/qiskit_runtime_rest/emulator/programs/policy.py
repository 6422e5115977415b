"""The choices of the service's user that all programs follow."""

from __future__ import annotations

from attrs import frozen

__all__ = ["STRICT", "Policy"]


@frozen(kw_only=True)
class Policy:
    """Which circuits run, and how."""

    lenient: bool = False
    """Run what the simulator can run: OpenQASM 2, gates that the device lacks, all control flow, any angle of `rzz`."""
    resilience_level: int = 1
    """The level of `estimator` jobs that name none; 0 shows the device's noise."""


STRICT = Policy()
"""As on hardware."""
