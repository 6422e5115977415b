"""Routes of the published contract, which need no authentication."""

from ..routing import BASE_PATH, Route
from .responses import get_document, get_document_of_version

ROUTES = (
    Route("GET", f"{BASE_PATH}/openapi.json", get_document, public=True, contracted=False),
    Route("GET", f"{BASE_PATH}/openapi-{{version}}.json", get_document_of_version, public=True, contracted=False),
)
