"""What the tests of projects that build on the service need."""

from __future__ import annotations

from .emulator.embedded import Emulator

__all__ = ["Emulator"]
