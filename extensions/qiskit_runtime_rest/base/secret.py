"""Keys and tokens as texts that do not show themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, Self, SupportsIndex

__all__ = ["Secret", "hidden", "misplaced"]

NAMES = ("api_key", "token")
"""The arguments and members that hold secrets."""

SHORTEST = 8
"""Shorter texts are not looked for: other texts may contain them."""


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


NUMBERS = (float, int)
"""Types of most items of large params."""


def misplaced(values: Mapping[str, Any], secrets: Iterable[str | None]) -> str | None:
    """The complaint about the first of `values` that has one of `secrets` in it, however deep, if any."""
    known = [str(secret) for secret in secrets if secret and len(secret) >= SHORTEST]
    for name, value in values.items():
        if name not in NAMES and known and any(secret in text for text in _texts(value) for secret in known):
            return f"{name} (not shown) contains the API key or token: only api_key= and token= may have it."
    return None


def _texts(value: Any) -> Iterator[str]:
    """All texts in lists and mappings, the keys of these among them; nothing is taken from iterators."""
    left, seen = [value], set[int]()
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping | list | tuple | set | frozenset) and id(item) not in seen:
            seen.add(id(item))
            if isinstance(item, Mapping):
                left += item.values()
            left += [each for each in item if type(each) not in NUMBERS]
