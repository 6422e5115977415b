"""Routes about sessions."""

from ..routing import Route
from .responses import close_session, create_session, get_session, update_session

ROUTES = (
    Route("POST", "/v1/sessions", create_session),
    Route("GET", "/v1/sessions/{id}", get_session),
    Route("PATCH", "/v1/sessions/{id}", update_session),
    Route("DELETE", "/v1/sessions/{id}/close", close_session),
)
