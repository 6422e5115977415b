"""Routes of IAM, and of the service's logout."""

from ..routing import Route
from .responses import create_token, logout

ROUTES = (
    Route("POST", "/identity/token", create_token, public=True, contracted=False),
    Route("POST", "/v1/logout", logout),
)
