"""Where numpy is reached: never at import time, and never as a requirement of decoding.

Decoding and counting give the same values with and without numpy. Importing numpy costs about a tenth of a second,
so the choice is: use it when the process has it already, or when the data is so large that the import pays.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from ..errors import MissingExtra

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["numpy_for", "require_numpy"]

WORTH_AN_IMPORT_BYTES: Final = 8 * 2**20


def numpy_for(size: int) -> ModuleType | None:
    """The numpy module if it is worth having for `size` bytes of data, else None."""
    if "numpy" not in sys.modules and size < WORTH_AN_IMPORT_BYTES:
        return None
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def require_numpy(feature: str) -> ModuleType:
    """The numpy module, for the `feature` that only numpy can give.

    Raises:
        MissingExtra: numpy is not installed.
    """
    try:
        import numpy
    except ImportError as error:
        raise MissingExtra(feature, extra="numpy", module="numpy") from error
    return numpy
