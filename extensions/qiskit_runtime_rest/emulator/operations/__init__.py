"""The operations of the service: from a checked request to a response."""
