"""Users, API keys and bearer tokens."""

from __future__ import annotations

import secrets
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import jwt
from attrs import frozen

from ..errors import INVALID_CREDENTIALS, ServiceError
from .storage import Records

if TYPE_CHECKING:
    from .clock import Clock
    from .storage import Storage

__all__ = ["ACCOUNT", "API_KEY", "GRANT_TYPE", "USERS", "BadApiKey", "BadGrant", "Identity", "User"]

# Well known on purpose, and in a form that no real key has.
API_KEY = "emulator-api-key-not-a-secret"
GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"
ACCOUNT = "e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0"

_ALGORITHM = "HS256"
_TABLE = "revoked_tokens"
# Verifying a signature takes as long as the rest of a request, so verified tokens are remembered.
_MOST_REMEMBERED = 1000


@frozen
class User:
    """A user and the API key."""

    id: str
    api_key: str


USERS = (
    User(id="IBMid-EMULATOR001", api_key=API_KEY),
    User(id="IBMid-EMULATOR002", api_key=f"{API_KEY}-of-a-second-user"),
)


class BadApiKey(Exception):
    """Unknown API key."""


class BadGrant(Exception):
    """Unsupported grant type."""


class Identity:
    """Issues and verifies tokens."""

    def __init__(self, *, clock: Clock, storage: Storage, token_seconds: int, any_key: bool = False) -> None:
        """Load the signing key and the revoked tokens of an earlier run, if the storage has them.

        `any_key`: a key that no user has is the first user's; it is not kept.
        """
        self.token_seconds = token_seconds
        self._clock = clock
        self._users = {user.api_key: user for user in USERS}
        self._user_of_other_keys = USERS[0] if any_key else None
        self._by_id = {user.id: user for user in USERS}
        self._verified: dict[str, dict[str, Any]] = {}
        self._revoked = Records(storage, _TABLE, read=itemgetter("expires"), write=lambda at: {"expires": at})
        self._keys = Records(storage, "signing", read=itemgetter("value"), write=lambda key: {"value": key})
        if "key" not in self._keys:
            self._keys.save("key", secrets.token_hex(32))
        self._signing_key = self._keys["key"]

    def issue_token(self, *, grant_type: str | None, api_key: str | None) -> dict[str, Any]:
        """The response body of IAM's token endpoint; raises `BadGrant`, `BadApiKey`."""
        if grant_type != GRANT_TYPE:
            raise BadGrant
        user = self._users.get(api_key or "", self._user_of_other_keys)
        if user is None or not api_key:
            raise BadApiKey
        issued = int(self._clock.now())
        expires = issued + self.token_seconds
        claims = {
            "iam_id": user.id,
            "id": user.id,
            "sub": user.id,
            "account": {"valid": True, "bss": ACCOUNT},
            "iss": "https://iam.cloud.ibm.com/identity",
            "grant_type": GRANT_TYPE,
            "scope": "ibm openid",
            "iat": issued,
            "exp": expires,
            "jti": secrets.token_hex(16),
        }
        return {
            "access_token": jwt.encode(claims, self._signing_key, algorithm=_ALGORITHM),
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": self.token_seconds,
            "expiration": expires,
            "scope": "ibm openid",
        }

    def verify(self, token: str) -> User:
        """Return the user of a token; raises `ServiceError` 1201 if it is forged, expired or revoked."""
        claims = self._claims(token)
        if claims["exp"] <= self._clock.now():
            raise ServiceError(INVALID_CREDENTIALS, "The bearer token has expired.")
        if claims["jti"] in self._revoked:
            raise ServiceError(INVALID_CREDENTIALS, "The bearer token was logged out.")
        return self._by_id[claims["iam_id"]]

    def revoke(self, token: str) -> None:
        """Refuse this token from now on."""
        claims = self._claims(token)
        self._revoked.save(claims["jti"], claims["exp"])

    def keep_key(self) -> None:
        """Store the signing key again, after all records were removed: tokens issued before stay valid."""
        self._keys.save("key", self._signing_key)

    def reset(self) -> None:
        """Forget the revoked tokens."""
        self._revoked.clear()

    def _claims(self, token: str) -> dict[str, Any]:
        known = self._verified.get(token)
        if known is None:
            known = self._decoded(token)
            if len(self._verified) >= _MOST_REMEMBERED:
                self._verified.clear()
            self._verified[token] = known
        return known

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            # `verify` compares the expiry with the service's own clock, which a test may have advanced.
            return jwt.decode(
                token,
                self._signing_key,
                algorithms=[_ALGORITHM],
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError:
            raise ServiceError(INVALID_CREDENTIALS, "The bearer token was not issued by this service.") from None
