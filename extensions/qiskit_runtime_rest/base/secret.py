"""Keys and tokens as texts that do not show themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, Self, SupportsIndex

__all__ = ["Secret", "hidden"]

NAMES = ("api_key", "token")
"""The arguments and members that hold secrets."""


class Secret(str):
    """A key or token: a text as any other, but it is not shown by `repr`, and does not pickle."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Never show the text; so neither do `vars` of its holder, nor tracebacks with local variables."""
        return "'***'"

    def __copy__(self) -> Self:
        """The same object: it never changes."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """The same object: it never changes."""
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to pickle.

        Raises:
            TypeError: says what to do.
        """
        raise TypeError(
            "an API key or token does not pickle: let the other process read its own, from its environment or account "
            "file, or send it as a plain text with str(...)."
        )


def hidden(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `values` whose keys and tokens are secrets: tracebacks may show local variables."""
    return {
        name: Secret(value) if name in NAMES and isinstance(value, str) else value for name, value in values.items()
    }
