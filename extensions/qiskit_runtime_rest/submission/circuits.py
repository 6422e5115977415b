"""Circuits of other packages, and files, as OpenQASM text; observables of Qiskit as plain values.

Each package writes its circuits itself. None of them is imported
unless a circuit of it is given.
"""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any

from ..errors import InvalidInput

__all__ = ["circuit_text", "is_circuit", "is_foreign", "is_qpy", "observable_value", "qpy_value", "values_in_order"]

CIRCUIT_TYPE = "QuantumCircuit"
NEWEST_QPY = 17
"""The newest version of QPY that the service reads. Source: IBM's models of the programs (ibm-quantum-schemas)."""

REAL_WITHIN = 1e-12
"""A coefficient counts as real if its imaginary part is not larger."""


def _from_qiskit(circuit: Any) -> str | dict[str, str]:
    """OpenQASM 3; for a circuit that cannot be written as that, QPY in the form of IBM's SDK."""
    qasm3 = import_module("qiskit.qasm3")
    try:
        return str(qasm3.dumps(circuit))
    except qasm3.QASM3ExporterError:
        return qpy_value(circuit)


def qpy_value(circuit: Any) -> dict[str, str]:
    """A circuit of Qiskit as QPY in the form of IBM's SDK, which keeps its names, layout and metadata."""
    written = io.BytesIO()
    qpy = import_module("qiskit.qpy")
    qpy.dump(circuit, written, version=min(qpy.common.QPY_VERSION, NEWEST_QPY))
    return {
        "__type__": CIRCUIT_TYPE,
        "__value__": base64.standard_b64encode(zlib.compress(written.getvalue())).decode(),
    }


def _from_pytket(circuit: Any) -> str:
    """pytket writes OpenQASM 2, which the service does not run: its statements are put into the words of OpenQASM 3."""
    text = str(import_module("pytket.qasm").circuit_to_qasm_str(circuit))
    for old, new in NEW_WORDS.items():
        text = re.sub(old, new, text)
    return text


def _from_cirq(circuit: Any) -> str:
    return str(circuit.to_qasm(version="3.0"))


NEW_WORDS = {
    r"OPENQASM 2(\.0)?;": "OPENQASM 3.0;",
    r'include "\w+\.inc";': 'include "stdgates.inc";',
    r"\bqreg (\w+)\[(\d+)\];": r"qubit[\2] \1;",
    r"\bcreg (\w+)\[(\d+)\];": r"bit[\2] \1;",
    r"\bmeasure ([^;]+?) *-> *([^;]+);": r"\2 = measure \1;",
    r"\bif *\((\w+) *== *(\d+)\) *([^;]+;)": r"if (\1 == \2) { \3 }",
}
"""Statements of OpenQASM 2, as patterns, and those of OpenQASM 3."""

WRITERS: Mapping[tuple[str, str], Callable[[Any], str | dict[str, str]]] = {
    ("qiskit", "QuantumCircuit"): _from_qiskit,
    ("pytket", "Circuit"): _from_pytket,
    ("cirq", "Circuit"): _from_cirq,
    ("cirq", "FrozenCircuit"): _from_cirq,
}
"""How a circuit is written, by its package and the name of its class or of one that it inherits from."""


def is_circuit(value: Any) -> bool:
    """Whether `value` is one circuit: a text, a path, or an object of a package that is known here."""
    return isinstance(value, str | PurePath) or is_foreign(value)


def is_foreign(value: Any) -> bool:
    """Whether `value` is a circuit of another package."""
    return _writer(value) is not None


def circuit_text(circuit: Any) -> Any:
    """The OpenQASM text of a circuit, or its QPY as JSON; another value unchanged.

    Raises:
        InvalidInput: the file cannot be read, or the circuit's own package cannot write it.
    """
    if isinstance(circuit, PurePath):
        try:
            return Path(circuit).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InvalidInput(f"the circuit {circuit} cannot be read: {error}.") from None
    write = _writer(circuit)
    if write is None:
        return circuit
    try:
        return write(circuit)
    except Exception as error:  # whatever the package raises
        package = type(circuit).__module__.partition(".")[0]
        raise InvalidInput(f"{package} cannot write the circuit as OpenQASM: {error}") from error


def is_qpy(circuit: Any) -> bool:
    """Whether `circuit` is QPY in the form of IBM's SDK, as `circuit_text` writes it."""
    return isinstance(circuit, Mapping) and circuit.get("__type__") == CIRCUIT_TYPE


def values_in_order(circuit: Any, text: Any, values: Any) -> Any:
    """Parameter values of a Qiskit circuit, as the service takes them; other values unchanged.

    Qiskit takes a list of values in the order of `circuit.parameters`, the service in that of the names, as texts.
    """
    names = [name.name for name in getattr(circuit, "parameters", ())]
    if not names or values is None or not isinstance(text, str):
        return values
    from ..directed.circuit_text import CircuitText

    written = CircuitText(text).inputs  # in the order of `circuit.parameters`
    if isinstance(values, Mapping):
        known = dict(zip(names, written, strict=True))
        return {known.get(str(getattr(key, "name", key)), str(key)): value for key, value in values.items()}
    order = sorted(range(len(written)), key=lambda place: written[place])
    return _permuted(values.tolist() if hasattr(values, "tolist") else values, order)


def _permuted(values: Any, order: Sequence[int]) -> Any:
    """Nested lists, with the elements of the innermost ones in another order."""
    if not isinstance(values, list | tuple):
        return values
    if values and isinstance(values[0], list | tuple):
        return [_permuted(part, order) for part in values]
    return [values[place] for place in order] if len(values) == len(order) else list(values)


def observable_value(observable: Any) -> Any:
    """A Qiskit operator as a dict from Pauli string to coefficient, a Pauli as its text; other values unchanged.

    Raises:
        InvalidInput: a coefficient is not real.
    """
    if not type(observable).__module__.startswith("qiskit."):
        return observable
    if hasattr(observable, "to_label"):
        return observable.to_label()
    if not hasattr(observable, "to_list"):
        return observable
    found: dict[str, float] = {}
    for label, coefficient in observable.to_list():
        if abs(complex(coefficient).imag) > REAL_WITHIN:
            raise InvalidInput(f"the coefficient of {label} is {coefficient}: an observable has real coefficients.")
        found[label] = found.get(label, 0.0) + complex(coefficient).real
    return found


def _writer(circuit: Any) -> Callable[[Any], str | dict[str, str]] | None:
    for kind in type(circuit).__mro__:
        found = WRITERS.get((kind.__module__.partition(".")[0], kind.__name__))
        if found is not None:
            return found
    return None
