"""Who is calling: from an API key to the bearer token on each request."""

from .flow import ApiKeyAuth, TokenAuth

__all__ = ["ApiKeyAuth", "TokenAuth"]
