"""Check a service against the contract, with schemathesis: an extra, `qiskit-runtime-rest[contract]`."""
