"""The classic Programs API. It is implemented here, because v1 has none."""

from __future__ import annotations

from .catalogue import Program, Programs

__all__ = ["Program", "Programs"]
