"""Routes about the API's versions."""

from ..routing import Route
from .responses import get_versions

ROUTES = (Route("GET", "/v1/versions", get_versions, public=True),)
