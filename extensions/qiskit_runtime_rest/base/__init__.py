"""Pieces without knowledge of the service: text, JSON members, files, forks, serving, redaction."""
