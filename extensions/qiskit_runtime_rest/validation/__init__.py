"""Answers checked against the contract of the API version that they were asked for in."""
