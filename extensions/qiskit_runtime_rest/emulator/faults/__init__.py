"""Faults on demand: rules that spoil chosen answers."""
