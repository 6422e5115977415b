"""What can be chosen when the emulated service starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen, validators

from .pace import Pace

__all__ = ["API_KEY", "Options"]

# Well known on purpose, and of a form that no real key has.
API_KEY = "emulator-api-key-not-a-secret"

_positive = validators.ge(1)


def _pace(value: Pace | str | Mapping[str, Any]) -> Pace:
    return Pace.parse(value)


def _path(value: Path | str | None) -> Path | None:
    return None if value is None else Path(value)


@frozen(kw_only=True)
class Options:
    """All choices; the defaults give a service without limits, delays or faults."""

    pace: Pace = field(default=Pace(), converter=_pace)
    seed: int | None = None
    workers: int = field(default=2, validator=_positive)
    warm: bool = False
    """Start the workers with the server, so that the first job does not wait for their imports (some seconds)."""
    virtual_clock: bool = False
    token_seconds: int = field(default=3600, validator=_positive)
    """Lifetime of a bearer token."""
    submissions_per_minute: int | None = field(default=None, validator=validators.optional(_positive))
    """Jobs a user may submit a minute; the service allows 5. `None`: no limit."""
    pending_jobs: int | None = field(default=None, validator=validators.optional(_positive))
    """Jobs of an instance that may wait or run at the same time. `None`: no limit."""
    quota_seconds: int | None = field(default=None, validator=validators.optional(validators.ge(0)))
    """QPU time that each instance may use. `None`: no limit."""
    max_body_bytes: int = field(default=128 * 2**20, validator=_positive)
    recorded_requests: int = field(default=1000, validator=_positive)
    """How many of the last requests are kept for inspection."""
    state: Path | None = field(default=None, converter=_path)
    """A file that keeps the state; `None`: in memory."""
