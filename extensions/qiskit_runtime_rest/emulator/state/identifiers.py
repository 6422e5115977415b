"""Ids and seeds: random, or the same in every run with the same seed."""

from __future__ import annotations

import random
import uuid
from collections.abc import Container
from hashlib import sha256

__all__ = ["Identifiers"]

_LETTERS = "0123456789abcdefghijklmnopqrstuv"


class Identifiers:
    """Makes the ids of jobs and sessions, and the seeds of simulations."""

    def __init__(self, *, seed: int | None) -> None:
        """Everything made here follows from the seed; with `None` it is random."""
        self.reseed(seed)

    def reseed(self, seed: int | None) -> None:
        """Start over with another seed."""
        self.seed = seed
        self._random = random.Random(seed)

    def job(self, *, taken: Container[str]) -> str:
        """A job id of the form that the service uses: 20 letters and digits."""
        while True:
            identifier = "d" + "".join(self._random.choices(_LETTERS, k=19))
            if identifier not in taken:
                return identifier

    def session(self, *, taken: Container[str]) -> str:
        """A session id: a UUID, as in the service."""
        while True:
            identifier = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
            if identifier not in taken:
                return identifier

    def simulation_seed(self, number: int) -> int:
        """The simulation seed (31 bits) of the n-th submitted job; random if there is no seed."""
        if self.seed is None:
            return self._random.getrandbits(31)
        return int.from_bytes(sha256(f"{self.seed}:{number}".encode()).digest()[:4]) >> 1
