"""Fixtures of the tests of the embedded service's programs."""

from ..emulator.programs.conftest import completed as completed
from ..emulator.programs.conftest import theory as theory
