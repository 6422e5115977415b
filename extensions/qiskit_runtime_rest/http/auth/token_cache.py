"""Share bearer tokens between a user's processes, through the state file.

One process requests the token while the others wait: it holds a lease, a row with the moment at which it ends. If the
process dies, the others wait until that moment. No transaction stays open meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...base.forks import renew_in_child
from ...base.secret import Secret
from ...config.state_file import State, StateBroken
from ...errors import ConfigurationError
from ...plans.clock import Clock
from ...plans.deadline import time_left
from ...plans.effects import InThread, Sleep
from ...plans.plan import Plan
from .iam import Token

if TYPE_CHECKING:
    import sqlite3

__all__ = ["TokenCache"]

log = logging.getLogger("qiskit_runtime_rest.auth")

LEASE_SECONDS = 20.0
"""How long others wait for the process that requests a token; longer than IAM takes."""

WAITED_SHARE = 1 / 3
"""They wait for this share of the time that is left for their call at most, and then request one themselves."""

POLL_SECONDS = 0.05


class TokenCache:
    """The token of one API key at one IAM host, in a file that only its owner can read."""

    def __init__(self, state: State, *, api_key: str, iam_url: str, clock: Clock) -> None:
        """Nothing is opened yet."""
        self.clock = clock
        self._state = state
        owner = hashlib.sha256(f"{iam_url.rstrip('/')}|{api_key}".encode()).hexdigest()
        self._owner, self._leases = owner, f"{owner}/lease"
        self._lease: str | None = None
        renew_in_child(self)

    def renew(self) -> None:
        """Leave the parent's lease to the parent."""
        self._lease = None

    def claim(self) -> Plan[Token | None]:
        """The usable token, after another process has requested it; None: the caller requests one, under its lease.

        (Without a lease, if another process takes too long.) The caller ends the lease with `keep` or `release`, also
        when the claim itself was cancelled.

        Raises:
            ConfigurationError: the file cannot be used, or others can read it.
        """
        lease = self._lease = uuid.uuid4().hex
        left = time_left()
        ends = self.clock.monotonic() + (LEASE_SECONDS if left is None else min(LEASE_SECONDS, WAITED_SHARE * left))
        while True:
            claimed: Token | bool = yield InThread(lambda: self._claim(lease))
            if isinstance(claimed, Token):
                self._lease = None
                return claimed
            if claimed or self.clock.monotonic() >= ends:
                return None
            yield Sleep(POLL_SECONDS)

    def keep(self, token: Token) -> Plan[None]:
        """Share `token`, a new one, and end the lease."""
        refresh_at = token.refresh_at - self.clock.monotonic() + self.clock.time()

        def write(file: sqlite3.Connection) -> None:
            file.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", (self._owner, token.value, refresh_at))
            self._delete_lease(file, self._lease)
            self._lease = None

        yield InThread(lambda: self._change(write))

    def release(self) -> Plan[None]:
        """End the lease, if this process has it."""
        lease, self._lease = self._lease, None
        if lease is not None:
            yield InThread(lambda: self._change(lambda file: self._delete_lease(file, lease)))

    def drop(self, token: Token) -> Plan[None]:
        """Forget `token`, which the service refused, unless another one has replaced it."""

        def delete(file: sqlite3.Connection) -> None:
            file.execute("DELETE FROM tokens WHERE owner = ? AND token = ?", (self._owner, token.value))

        yield InThread(lambda: self._change(delete))

    def _claim(self, lease: str) -> Token | bool:
        """The token; True: this process has the lease; False: another process has it."""
        self._refuse_if_others_can_read()
        claimed: list[Token | bool] = []
        self._change(lambda file: claimed.append(self._claim_in(file, lease)))
        # Without the file each process requests a token for itself.
        return claimed[0] if claimed else True

    def _claim_in(self, file: sqlite3.Connection, lease: str) -> Token | bool:
        now = self.clock.time()
        rows = file.execute(
            "SELECT owner, token, refresh_at FROM tokens WHERE owner IN (?, ?) AND refresh_at > ?",
            (self._owner, self._leases, now),
        )
        found = {row["owner"]: row for row in rows}
        if (kept := found.get(self._owner)) is not None:
            return Token(Secret(kept["token"]), kept["refresh_at"] - now + self.clock.monotonic())
        if self._leases in found:
            return False
        # A task may be cancelled, and the lease released, before this thread runs: then do not take the lease.
        if self._lease == lease:
            file.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", (self._leases, lease, now + LEASE_SECONDS))
        return True

    def _delete_lease(self, file: sqlite3.Connection, lease: str | None) -> None:
        file.execute("DELETE FROM tokens WHERE owner = ? AND token = ?", (self._leases, lease))

    def _change(self, act: Callable[[sqlite3.Connection], None]) -> None:
        try:
            with self._state.transaction(optional=True) as file:
                act(file)
        except StateBroken as error:
            log.warning("the token is not shared with other processes now: %s", error)

    def _refuse_if_others_can_read(self) -> None:
        path = self._state.path
        try:
            found = path.stat()
        except OSError:
            return
        if os.name == "posix" and (stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid()):
            raise ConfigurationError(
                f"{path} holds tokens, but is not only yours (mode {stat.S_IMODE(found.st_mode):o}): "
                f"run `chmod 600 {path}`, or choose another file with token_cache=."
            )
