"""Directed execution without Qiskit: programs of circuits for the service's `executor`, and primitives made of them.

`program` writes the params of executor jobs from OpenQASM 3 texts and parameter values. `sampler` and `estimator` turn
the params of the service's primitives into such programs; the readers in `results` turn their results back.
"""
