"""Authentication: from an API key to the bearer token on each request."""

from .bearer import ApiKeyAuth, TokenAuth

__all__ = ["ApiKeyAuth", "TokenAuth"]
