"""API versions, and how answers differ between them."""
