"""The V1 primitives and the circuit runners, expressed by the V2 primitives.

`params` reads the params of their jobs, `options` is the table of their options, `circuits` converts circuits to the
gates of a backend, `transpiling` does so in a separate process, and `results` writes results in their forms.
"""

from __future__ import annotations

__all__ = []
