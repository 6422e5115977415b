"""The services behind their names for the program that this process runs, such as a test."""

from __future__ import annotations

import contextlib
import os
import urllib.request
from collections.abc import Iterator, Mapping

__all__ = ["in_environment"]


@contextlib.contextmanager
def in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Give this process that whole environment; at the end, undo what was changed."""
    given = dict(os.environ)
    names = [name for name in {**given, **variables} if given.get(name) != variables.get(name)]
    # `urlopen` makes its opener once, with the proxies of that moment.
    opener = urllib.request._opener  # type: ignore[attr-defined]
    urllib.request.install_opener(None)  # the next call makes one
    _apply({name: variables.get(name) for name in names})
    try:
        yield
    finally:
        _apply({name: given.get(name) for name in names})
        urllib.request.install_opener(opener)


def _apply(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
