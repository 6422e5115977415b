"""The REST contract as a document: what it describes, and how two of its versions differ."""

from qiskit_runtime_rest.contract.changes import Change, Kind
from qiskit_runtime_rest.contract.compare import compare

__all__ = ["Change", "Kind", "compare"]
