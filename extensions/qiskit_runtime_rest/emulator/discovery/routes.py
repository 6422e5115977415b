"""Routes of the global search and the global catalog."""

from ..routing import Route
from .responses import get_catalog_entry, search_resources

ROUTES = (
    Route("POST", "/v3/resources/search", search_resources, public=True, contracted=False),
    Route("GET", "/{plan:uuid}", get_catalog_entry, public=True, contracted=False),
)
