"""Routes about tags."""

from ..routing import Route
from .responses import list_tags

ROUTES = (Route("GET", "/v1/tags", list_tags),)
