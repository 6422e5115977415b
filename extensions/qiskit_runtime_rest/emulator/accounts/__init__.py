"""The account that all instances belong to."""
