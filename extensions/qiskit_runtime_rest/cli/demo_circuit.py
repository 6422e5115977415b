"""The demo's circuit: a Bell state in a backend's own gates, on the pair of qubits with the lowest errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import InvalidInput

if TYPE_CHECKING:
    from qiskit_runtime_api.models import BackendConfiguration, BackendParameter, BackendProperties

__all__ = ["bell_circuit", "entangler", "on_device", "quietest_pair"]

# Up to a global phase, sx and rz(pi/2) take |0> to |+>; with another rz(pi/2) before them they are a Hadamard gate.
PLUS = "sx ${q}; rz(pi/2) ${q};"
ENTANGLE = {
    "cz": "sx ${b}; rz(pi/2) ${b}; cz ${a}, ${b}; rz(pi/2) ${b}; sx ${b}; rz(pi/2) ${b};",
    "ecr": "ecr ${a}, ${b}; rz(pi/2) ${a}; sx ${b};",
    "cx": "cx ${a}, ${b};",
}
"""Gates that turn |+> on qubit a and |0> on qubit b into (|00> + |11>) / sqrt(2), by the two-qubit gate."""

DEFINITIONS = {"ecr": "gate ecr a, b { h b; cx a, b; rz(pi/2) b; cx a, b; h b; x a; }\n"}
"""Definitions of gates that are not in OpenQASM's standard library."""


def entangler(configuration: BackendConfiguration) -> str:
    """The backend's two-qubit gate: cz, ecr or cx. Raises `InvalidInput` if it has none of them."""
    for gate in ENTANGLE:
        if gate in configuration.basis_gates:
            return gate
    raise InvalidInput(
        f"{configuration.backend_name} has none of the gates {', '.join(ENTANGLE)}: choose another --backend."
    )


def quietest_pair(
    configuration: BackendConfiguration, properties: BackendProperties | None, *, gate: str
) -> tuple[int, int]:
    """The coupled pair of qubits, in the gate's direction, with the least sum of the gate's and both readout errors.

    Raises:
        InvalidInput: no pair is coupled, or the device has no calibration data.
    """
    if properties is None:
        raise InvalidInput(f"{configuration.backend_name} has no calibration data now: choose another --backend.")
    readout = [_value(qubit, "readout_error") for qubit in properties.qubits]
    errors = {
        (a, b): _value(each.parameters, "gate_error") + readout[a] + readout[b]
        for each in properties.gates
        if each.gate == gate
        for a, b in [each.qubits]
        if [a, b] in (configuration.coupling_map or [])
    }
    if not errors:
        raise InvalidInput(f"{configuration.backend_name} has no pair of coupled qubits: choose another --backend.")
    return min(errors, key=lambda pair: errors[pair])


def bell_circuit(gate: str, pair: tuple[int, int], *, measured: bool) -> str:
    """An OpenQASM 3 program for a Bell state on the physical qubits `pair`, with the two-qubit `gate`."""
    steps = (PLUS.replace("{q}", "{a}") + " " + ENTANGLE[gate]).split("; ")
    a, b = map(str, pair)
    lines = [step.rstrip(";").replace("{a}", a).replace("{b}", b) + ";\n" for step in steps]
    head = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n' + DEFINITIONS.get(gate, "")
    if not measured:
        return head + "".join(lines)
    return head + "bit[2] c;\n" + "".join(lines) + f"c[0] = measure ${a};\nc[1] = measure ${b};\n"


def on_device(paulis: str, pair: tuple[int, int], *, num_qubits: int) -> str:
    """The Pauli string for the whole device with `paulis` on the qubits `pair`; qubit 0 is the last character."""
    letters = ["I"] * num_qubits
    for qubit, letter in zip(pair, reversed(paulis), strict=True):
        letters[num_qubits - 1 - qubit] = letter
    return "".join(letters)


def _value(parameters: Iterable[BackendParameter], name: str) -> float:
    """The parameter `name`; 1, the largest error, if the calibration does not have it."""
    return next((float(each.value) for each in parameters if each.name == name), 1.0)
