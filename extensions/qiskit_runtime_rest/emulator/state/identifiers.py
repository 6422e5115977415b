"""Ids and seeds: random, or the same in every run with the same seed."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Container
from hashlib import sha256

__all__ = ["Identifiers"]


class Identifiers:
    """Makes the ids of jobs and sessions, and the seeds of simulations."""

    def __init__(self, *, seed: int | None) -> None:
        """Everything made here follows from the seed, but for the time in a job's id; with `None` it is random."""
        self.reseed(seed)

    def reseed(self, seed: int | None) -> None:
        """Start over with another seed."""
        self.seed = seed
        self._random = random.Random(seed)

    def job(self, *, taken: Container[str], created: float) -> str:
        """A job id as in the service, an xid: 20 characters of base32hex for the second of creation and 64 bits."""
        while True:
            number = (int(created) & 0xFFFFFFFF) << 64 | self._random.getrandbits(64)
            identifier = base64.b32hexencode(number.to_bytes(12)).decode().rstrip("=").lower()
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
