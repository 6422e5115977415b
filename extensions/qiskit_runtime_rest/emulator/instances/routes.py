"""Routes about the instance that asks."""

from ..routing import Route
from .responses import get_instance, get_instance_configuration, get_instance_usage, replace_instance_configuration

ROUTES = (
    Route("GET", "/v1/instance", get_instance),
    Route("GET", "/v1/instances/usage", get_instance_usage),
    Route("GET", "/v1/instances/configuration", get_instance_configuration),
    Route("PUT", "/v1/instances/configuration", replace_instance_configuration),
)
