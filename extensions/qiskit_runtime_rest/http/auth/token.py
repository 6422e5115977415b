"""A bearer token and how long it may be used."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Token", "TokenStore"]

REFRESH_AT = 0.8
"""Share of its life after which a token is replaced, as IBM's core library does."""

MARGIN_SECONDS = 60.0
"""A token is not used inside its last minute, if its life is long enough to allow that."""


@dataclass(frozen=True)
class Token:
    """A bearer token: `value` (never shown), usable until `refresh_at` (monotonic seconds)."""

    value: str = field(repr=False)
    refresh_at: float

    @classmethod
    def issued(cls, value: str, *, at: float, lifetime: float) -> Token:
        """A token of `lifetime` seconds (IAM's `expires_in`), asked for at `at` (monotonic seconds)."""
        usable = lifetime * REFRESH_AT
        if lifetime > 2 * MARGIN_SECONDS:
            usable = min(usable, lifetime - MARGIN_SECONDS)
        return cls(value, at + usable)


class TokenStore:
    """The current token of one API key, in memory only."""

    def __init__(self) -> None:
        """Start without a token."""
        self._token: Token | None = None

    def usable(self, now: float) -> Token | None:
        """The current token, unless it is time to replace it. `now`: monotonic seconds."""
        token = self._token
        return token if token is not None and now < token.refresh_at else None

    def keep(self, token: Token) -> Token:
        """Make `token` the current one."""
        self._token = token
        return token

    def drop(self, token: Token) -> None:
        """Forget `token`, if it still is the current one: somebody may have replaced it meanwhile."""
        if self._token is token:
            self._token = None
