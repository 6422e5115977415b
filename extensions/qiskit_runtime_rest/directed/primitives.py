"""The primitives that can run as programs of the executor, by the program that they replace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .estimator import estimator_programs
from .passthrough import Planned
from .sampler import sampler_programs

__all__ = ["PROGRAMS"]

PROGRAMS: Final[Mapping[str, Callable[[Mapping[str, Any]], list[Planned]]]] = {
    "sampler": sampler_programs,
    "estimator": estimator_programs,
}
