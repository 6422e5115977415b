"""Bearer tokens shared by a user's processes, through the state file.

One process exchanges the key while the others wait: it holds a lease, a row that says until when. A process that dies
with it is waited for until then, not for ever. No transaction stays open meanwhile.
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
from ...config.state_file import State, StateBroken
from ...errors import ConfigurationError
from ...plans.clock import Clock
from ...plans.effects import InThread, Sleep
from ...plans.plan import Plan
from .token import Token

if TYPE_CHECKING:
    import sqlite3

__all__ = ["TokenCache"]

log = logging.getLogger("qiskit_runtime_rest.auth")

LEASE_SECONDS = 20.0
"""How long others wait for a process that exchanges the key; longer than IAM takes."""

POLL_SECONDS = 0.05


class TokenCache:
    """The token of one API key at one IAM host, in a file that its owner alone can read."""

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
        """The token that is usable now, waited for while another process fetches it; None: the caller's turn.

        A caller ends it with `keep` or `release`, also when the claim itself was broken off.

        Raises:
            ConfigurationError: the file cannot be used, or others can read it.
        """
        lease = self._lease = uuid.uuid4().hex
        while True:
            answer: Token | bool = yield InThread(lambda: self._claim(lease))
            if isinstance(answer, Token):
                self._lease = None
                return answer
            if answer:
                return None
            yield Sleep(POLL_SECONDS)

    def keep(self, token: Token) -> Plan[None]:
        """Share `token`, just fetched, and end the turn."""
        refresh_at = token.refresh_at - self.clock.monotonic() + self.clock.time()

        def write(file: sqlite3.Connection) -> None:
            file.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", (self._owner, token.value, refresh_at))
            self._delete_lease(file, self._lease)
            self._lease = None

        yield InThread(lambda: self._change(write))

    def release(self) -> Plan[None]:
        """End the turn, if there is one: whoever waits is next."""
        lease, self._lease = self._lease, None
        if lease is not None:
            yield InThread(lambda: self._change(lambda file: self._delete_lease(file, lease)))

    def drop(self, token: Token) -> Plan[None]:
        """Forget `token`, which the service refused, unless another one has taken its place."""

        def delete(file: sqlite3.Connection) -> None:
            file.execute("DELETE FROM tokens WHERE owner = ? AND token = ?", (self._owner, token.value))

        yield InThread(lambda: self._change(delete))

    def _claim(self, lease: str) -> Token | bool:
        self._refuse_if_others_can_read()
        answer: list[Token | bool] = []
        self._change(lambda file: answer.append(self._look(file, lease)))
        # Without the file everybody fetches a token of their own.
        return answer[0] if answer else True

    def _look(self, file: sqlite3.Connection, lease: str) -> Token | bool:
        now = self.clock.time()
        rows = file.execute(
            "SELECT owner, token, refresh_at FROM tokens WHERE owner IN (?, ?) AND refresh_at > ?",
            (self._owner, self._leases, now),
        )
        found = {row["owner"]: row for row in rows}
        if (kept := found.get(self._owner)) is not None:
            return Token(kept["token"], kept["refresh_at"] - now + self.clock.monotonic())
        if self._leases in found:
            return False
        # A task that is cancelled leaves this thread behind: released before, the lease would stay for all its time.
        if self._lease == lease:
            file.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", (self._leases, lease, now + LEASE_SECONDS))
        return True

    def _delete_lease(self, file: sqlite3.Connection, lease: str | None) -> None:
        file.execute("DELETE FROM tokens WHERE owner = ? AND token = ?", (self._leases, lease))

    def _change(self, act: Callable[[sqlite3.Connection], None]) -> None:
        try:
            with self._state.transaction() as file:
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
                f"{path} is not yours alone (mode {stat.S_IMODE(found.st_mode):o}), and tokens are kept in it: "
                f"run `chmod 600 {path}`, or choose another file with token_cache=."
            )
