"""Circuits, and their translation to the gates of a device."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

HALF = math.pi / 2


@dataclass(frozen=True)
class Gate:
    """A gate on one or two qubits."""

    name: str
    qubits: tuple[int, ...]
    angle: float = 0.0


@dataclass
class Circuit:
    """A circuit of `h`, `x`, `rx`, `rz` and `cz`; each method returns the circuit, so that calls can be chained."""

    num_qubits: int
    gates: list[Gate] = field(default_factory=list)

    def h(self, qubit: int) -> Circuit:
        """A Hadamard gate."""
        return self._add(Gate("h", (qubit,)))

    def x(self, qubit: int) -> Circuit:
        """A flip."""
        return self._add(Gate("x", (qubit,)))

    def rx(self, angle: float, qubit: int) -> Circuit:
        """A rotation around X."""
        return self._add(Gate("rx", (qubit,), angle))

    def rz(self, angle: float, qubit: int) -> Circuit:
        """A rotation around Z."""
        return self._add(Gate("rz", (qubit,), angle))

    def cz(self, first: int, second: int) -> Circuit:
        """A controlled phase flip."""
        return self._add(Gate("cz", (first, second)))

    def _add(self, gate: Gate) -> Circuit:
        if any(not 0 <= qubit < self.num_qubits for qubit in gate.qubits):
            raise ValueError(f"{gate.name} on {gate.qubits}: the circuit has {self.num_qubits} qubits.")
        self.gates.append(gate)
        return self

    def openqasm(self, places: list[int], *, measured: bool) -> str:
        """The circuit in the gates `rz`, `sx`, `x` and `cz`, on the device's qubits `places`."""
        gates = [line for gate in self.gates for line in _native(gate, places)]
        bits = [f"bit[{self.num_qubits}] c;"] if measured else []
        ends = [f"c[{bit}] = measure ${place};" for bit, place in enumerate(places) if measured]
        return "\n".join(["OPENQASM 3.0;", 'include "stdgates.inc";', *bits, *gates, *ends])


def _native(gate: Gate, places: list[int]) -> list[str]:
    on = ", ".join(f"${places[qubit]}" for qubit in gate.qubits)
    steps = {
        "h": (f"rz({HALF})", "sx", f"rz({HALF})"),
        "rx": (f"rz({-HALF})", "sx", f"rz({math.pi - gate.angle})", "sx", f"rz({-HALF})"),
        "rz": (f"rz({gate.angle})",),
    }
    return [f"{step} {on};" for step in steps.get(gate.name, (gate.name,))]
