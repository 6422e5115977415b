"""Routes about workloads."""

from ..routing import Route
from .responses import list_workloads

ROUTES = (Route("GET", "/v1/workloads", list_workloads),)
