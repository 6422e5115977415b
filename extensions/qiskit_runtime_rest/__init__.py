"""Typed, light, Qiskit-free client of the Qiskit Runtime REST API v1."""
