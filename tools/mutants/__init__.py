"""Is `make contract` worth anything? Faults are seeded into the embedded service, and each has to be found.

`python -m tools.mutants` seeds them all; `faults` is the list, `layer` puts one around the service.
"""
