"""Routes about the account."""

from ..routing import Route
from .responses import get_account

ROUTES = (Route("GET", "/v1/accounts/{id}", get_account),)
