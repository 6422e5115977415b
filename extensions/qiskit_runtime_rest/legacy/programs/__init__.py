"""The classic Programs API, kept whole here: v1 has none."""

from .catalogue import Programs
from .program import Program

__all__ = ["Program", "Programs"]
