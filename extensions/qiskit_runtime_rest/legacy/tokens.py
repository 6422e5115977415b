"""Access tokens of the gateway's own: what `loginWithToken` gives, and `logout` takes back."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import jwt

from .errors import INVALID_CREDENTIALS, ClassicError

__all__ = ["LIFETIME_SECONDS", "AccessTokens", "Caller", "caller_with", "presented"]

PREFIX = "qrr-access-"
LIFETIME_SECONDS = 86_400
MOST = 10_000


@dataclass(frozen=True)
class Caller:
    """Who is calling: by API key, or by a bearer token of IAM's. Neither is shown by anything."""

    secret: str = field(repr=False)
    is_bearer: bool = False

    @property
    def owner(self) -> str:
        """The same text for the same API key, or the same user's bearer tokens; the key cannot be found from it.

        A token is believed: have the service take it first.
        """
        known = user_of(self.secret) if self.is_bearer else self.secret
        return hashlib.sha256(b"qiskit-runtime-rest owner\0" + known.encode()).hexdigest()[:32]


class AccessTokens:
    """Random tokens bound to callers, in memory only. They expire; the oldest go when there are too many."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, only ever growing."""
        self._clock = clock
        self._issued: dict[str, tuple[Caller, float]] = {}
        self._lock = threading.Lock()

    def issue(self, caller: Caller) -> str:
        """A new token for `caller`, good for `LIFETIME_SECONDS`."""
        token = PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._issued = {key: entry for key, entry in self._issued.items() if entry[1] > now}
            while len(self._issued) >= MOST:
                del self._issued[next(iter(self._issued))]
            self._issued[token] = (caller, now + LIFETIME_SECONDS)
        return token

    @staticmethod
    def issued(token: str) -> bool:
        """Whether it is, or once was, one of these tokens."""
        return token.startswith(PREFIX)

    def caller(self, token: str) -> Caller:
        """Whose token it is. What this object never issued is an API key, or a bearer token, itself.

        Raises:
            ClassicError: 1201: one of ours, expired or logged out.
        """
        if not self.issued(token):
            return caller_with(token)
        with self._lock:
            caller, until = self._issued.get(token, (None, 0.0))
        if caller is None or until <= self._clock():
            raise ClassicError(INVALID_CREDENTIALS)
        return caller

    def revoke(self, token: str) -> None:
        """Take a token back; one that is not ours is left as it is."""
        with self._lock:
            self._issued.pop(token, None)


def presented(headers: dict[str, str]) -> tuple[str, str] | None:
    """The header with which a call says who calls, and the token or key in it; None without."""
    if token := headers.get("x-access-token", "").strip():
        return "x-access-token", token
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() in ("bearer", "apikey") and (token := value.strip()):
        return "Authorization", token
    return None


def is_bearer_token(token: str) -> bool:
    """Whether it looks like a token of IAM's (a JSON Web Token) and not like an API key."""
    return token.startswith("eyJ") and token.count(".") == 2


def user_of(token: str) -> str:
    """Whose bearer token it is, as it says itself; the token where it says nothing.

    Source: the claim `iam_id` of IAM's access tokens, "IAM token" in the documentation of IBM Cloud.
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return token
    return str(claims.get("iam_id") or claims.get("sub") or token)


def caller_with(secret: str) -> Caller:
    """Whose API key, or bearer token, `secret` is.

    Raises:
        ClassicError: 1201: no text that could be either.
    """
    if not re.fullmatch(r"[!-~]+", secret):
        raise ClassicError(INVALID_CREDENTIALS)
    return Caller(secret, is_bearer=is_bearer_token(secret))
