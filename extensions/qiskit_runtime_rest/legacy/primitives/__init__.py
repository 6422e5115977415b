"""The first primitives (V1) and the circuit runners, in terms of the primitives that there are.

`options` is the table of their options, `params` what they were given, `circuits` brings circuits into the gates of a
device, `forms` writes results as they were.
"""

from __future__ import annotations

__all__ = []
