"""Routes about usage."""

from ..routing import Route
from .responses import (
    get_analytics_filters,
    get_analytics_usage,
    get_analytics_usage_grouped,
    get_analytics_usage_grouped_by_date,
)

ROUTES = (
    Route("GET", "/v1/analytics/usage", get_analytics_usage),
    Route("GET", "/v1/analytics/usage_grouped", get_analytics_usage_grouped),
    Route("GET", "/v1/analytics/usage_grouped_by_date", get_analytics_usage_grouped_by_date),
    Route("GET", "/v1/analytics/filters", get_analytics_filters),
)
