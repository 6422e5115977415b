"""Routes about devices."""

from ..routing import Route
from .responses import (
    get_backend_configuration,
    get_backend_defaults,
    get_backend_properties,
    get_backend_status,
    list_backends,
)

ROUTES = (
    Route("GET", "/v1/backends", list_backends),
    Route("GET", "/v1/backends/{id}/configuration", get_backend_configuration),
    Route("GET", "/v1/backends/{id}/properties", get_backend_properties),
    Route("GET", "/v1/backends/{id}/status", get_backend_status),
    Route("GET", "/v1/backends/{id}/defaults", get_backend_defaults),
)
