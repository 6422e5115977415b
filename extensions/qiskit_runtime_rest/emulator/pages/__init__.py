"""Pages for the browser: what the service is doing at `/`, and interactive API documentation at `/openapi/`."""
