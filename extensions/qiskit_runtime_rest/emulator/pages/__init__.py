"""Pages for the browser: the state of the service at `/`, and interactive API documentation at `/openapi/`."""
