"""Ctrl-C, cancelling, closing and forking in the middle of calls: a small part of `make sweep`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tools.sweep import WRONG, Service, Sweep, awaits, forked, interrupts

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython" or not hasattr(os, "fork"), reason="it needs CPython, and forks"
)


@pytest.fixture
def attacked() -> Iterator[Service]:
    with Service() as service:
        yield service


SWEEPS: dict[str, Callable[[Service, Path], Sweep]] = {
    "Ctrl-C": partial(interrupts, "get", every=400),
    "cancelled": partial(awaits, "get", kind="cancelled"),
    "closed": partial(awaits, "get", kind="closed"),
    "forked": partial(forked, "get", every=400),
}


@pytest.mark.parametrize("kind", SWEEPS)
def test_a_client_works_after_an_interruption(kind: str, attacked: Service, tmp_path: Path, home: Path) -> None:
    found = SWEEPS[kind](service=attacked, folder=tmp_path)  # type: ignore[call-arg]
    assert found.counts["places"] > 1
    assert not {name: found.counts[name] for name in WRONG if found.counts[name]}
