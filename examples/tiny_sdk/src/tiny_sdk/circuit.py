"""Circuits, and their translation to the gates of a device."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
        lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
        if measured:
            lines.append(f"bit[{self.num_qubits}] c;")
        lines += [line for gate in self.gates for line in _native(gate, places)]
        if measured:
            lines += [f"c[{bit}] = measure ${place};" for bit, place in enumerate(places)]
        return "\n".join(lines)


def _native(gate: Gate, places: list[int]) -> Iterator[str]:
    on = ", ".join(f"${places[qubit]}" for qubit in gate.qubits)
    if gate.name in ("x", "cz"):
        yield f"{gate.name} {on};"
    elif gate.name == "rz":
        yield f"rz({gate.angle}) {on};"
    elif gate.name == "h":
        yield from (f"rz({HALF}) {on};", f"sx {on};", f"rz({HALF}) {on};")
    else:  # rx(a) = rz(-pi/2) sx rz(pi - a) sx rz(-pi/2)
        yield from (
            f"rz({-HALF}) {on};",
            f"sx {on};",
            f"rz({math.pi - gate.angle}) {on};",
            f"sx {on};",
            f"rz({-HALF}) {on};",
        )
