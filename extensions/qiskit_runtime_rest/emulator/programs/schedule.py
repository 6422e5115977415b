"""When the instructions of a circuit start on a device: each as late as possible, with calibrated durations.

Qubits that wait get delays, and stretches the longest durations that make the circuit no longer. Times are in units of
the device's `dt`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ControlFlowOp, Delay
from qiskit.circuit.classical import expr

from ..devices import Device
from .isa import Placed
from .noise import SECONDS, duration

__all__ = ["Schedule", "Stretch", "schedule", "timing", "waiting"]

_DT: Final = 1e-9
"""Seconds, for old devices without one."""

_LONGEST: Final = 1 << 40


@frozen(kw_only=True)
class Stretch:
    """The value of a stretch: what is left over if all of its delays take it, and each delay's start and duration."""

    name: str = field()
    value: int = field()
    remainder: int = field()
    delays: Sequence[tuple[int, int]] = field()


@frozen(kw_only=True)
class Schedule:
    """Instructions in the order of the circuit, with start and duration."""

    timed: Sequence[tuple[CircuitInstruction, int, int]] = field()
    length: int = field()
    stretches: Sequence[Stretch] = field()
    dt: float = field()


def schedule(circuit: QuantumCircuit, places: Sequence[int], *, device: Device) -> Schedule:
    """Schedule a circuit whose qubit k is the device's qubit `places[k]`.

    The body of a condition takes as long as its longest branch.
    """
    clock = _Clock(circuit=circuit, places=places, device=device)
    values: dict[str, int] = {}
    stretches = []
    for name, uses in clock.stretches().items():
        value = clock.longest({**values, name: 0}, name)
        values[name] = value
        left = max(extra for extra in range(uses) if clock.fits(values, name, value, extra))
        stretches.append((name, value, left))
    timed = clock.timed(values)
    return Schedule(
        timed=timed,
        length=max((start + length for _, start, length in timed), default=0),
        stretches=[
            Stretch(
                name=name,
                value=value,
                remainder=left,
                delays=[
                    (start, length)
                    for instruction, start, length in timed
                    if name in _names(getattr(instruction.operation, "duration", None))
                ],
            )
            for name, value, left in stretches
        ],
        dt=clock.dt,
    )


def waiting(circuit: QuantumCircuit, places: Sequence[int], *, device: Device) -> QuantumCircuit:
    """The circuit with a delay for each time in which a qubit waits, after its first instruction."""
    found = schedule(circuit, places, device=device)
    result = circuit.copy_empty_like()
    free: dict[Any, int] = {}
    for instruction, start, length in found.timed:
        operation = instruction.operation
        if operation.name == "barrier":
            result.append(instruction)
            continue
        for qubit in instruction.qubits:
            if free.get(qubit, start) < start:
                result.append(Delay((start - free[qubit]) * found.dt, unit="s"), [qubit], copy=False)
            free[qubit] = start + length
        if operation.name == "delay":
            instruction = instruction.replace(operation=Delay(length * found.dt, unit="s"))
        result.append(instruction)
    return result


def timing(found: Schedule, circuit: QuantumCircuit, places: Sequence[int]) -> str:
    """A schedule as text, in the columns that IBM's drawer of schedules reads.

    These are branch, instruction, channel, start, duration and pulse.
    """
    lines = []
    for instruction, start, length in found.timed:
        name = instruction.operation.name
        qubits = [places[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
        pulse = "barrier" if name == "barrier" else "delay" if name == "delay" else "play"
        label = name if name == "barrier" else "_".join([name, *map(str, qubits)])
        lines += [f"main,{label},Qubit {qubit},{start},{length},{pulse}" for qubit in qubits]
    return "\n".join(lines)


@frozen(kw_only=True)
class _Clock:
    circuit: QuantumCircuit = field()
    places: Sequence[int] = field()
    device: Device = field()

    @property
    def dt(self) -> float:
        return float(self.device.configuration.get("dt") or _DT * 1e9) * 1e-9

    def stretches(self) -> dict[str, int]:
        """How often the delays of the circuit contain each stretch."""
        found: Counter[str] = Counter()
        for instruction in self.circuit.data:
            if instruction.operation.name == "delay":
                found.update(_names(instruction.operation.duration))
        return dict(found)

    def timed(
        self, values: Mapping[str, int], longer: Mapping[str, int] | None = None
    ) -> list[tuple[CircuitInstruction, int, int]]:
        """The instructions with start and duration; `longer` adds to the first delay with a stretch."""
        extra = dict(longer or {})
        lengths = []
        for instruction in self.circuit.data:
            length = self._length(instruction, values)
            for name in _names(getattr(instruction.operation, "duration", None)):
                length += extra.pop(name, 0)
            lengths.append(length)
        # From the end: how much time is left when an instruction starts.
        left: dict[Any, int] = defaultdict(int)
        starts = []
        for instruction, length in zip(reversed(self.circuit.data), reversed(lengths), strict=True):
            bits = [*instruction.qubits, *instruction.clbits]
            begun = max((left[bit] for bit in bits), default=0) + length
            left.update(dict.fromkeys(bits, begun))
            starts.append(begun)
        whole = max(left.values(), default=0)
        return [
            (instruction, whole - begun, length)
            for instruction, begun, length in zip(self.circuit.data, reversed(starts), lengths, strict=True)
        ]

    def longest(self, values: Mapping[str, int], name: str) -> int:
        """The largest value of a stretch that makes the circuit no longer."""
        low, high = 0, 1
        while high < _LONGEST and self.fits(values, name, high, 0):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.fits(values, name, middle, 0) else (low, middle)
        return low

    def fits(self, values: Mapping[str, int], name: str, value: int, extra: int) -> bool:
        """Whether the circuit is not longer with a value of a stretch than without, its first delay `extra` longer."""
        longer = self.timed({**values, name: value}, {name: extra})
        return _end(longer) <= _end(self.timed({**values, name: 0}))

    def _length(self, instruction: CircuitInstruction, values: Mapping[str, int]) -> int:
        operation = instruction.operation
        places = [self.places[self.circuit.find_bit(qubit).index] for qubit in instruction.qubits]
        if isinstance(operation, ControlFlowOp):
            blocks = (_Clock(circuit=block, places=places, device=self.device) for block in operation.blocks)
            return max((_end(block.timed(values)) for block in blocks), default=0)
        if operation.name == "delay":
            return self._delay(operation, values)
        if not places or operation.name == "barrier":
            return 0
        name = "xslow" if operation.label == "xslow" else operation.name
        return round(duration(self.device, Placed(name, tuple(places))) / self.dt)

    def _delay(self, delay: Delay, values: Mapping[str, int]) -> int:
        if isinstance(delay.duration, expr.Expr):
            return max(0, int(self._value(delay.duration, values)))
        if delay.unit == "dt":
            return int(delay.duration)
        return round(float(delay.duration) * SECONDS[delay.unit] / self.dt)

    def _value(self, node: expr.Expr, values: Mapping[str, int]) -> float:
        """The value of an expression of stretches and durations."""
        match node:
            case expr.Stretch():
                return float(values.get(node.name, 0))
            case expr.Cast():
                return self._value(node.operand, values)
            case expr.Value():
                unit = getattr(node.value, "unit", lambda: None)()
                if unit is None:
                    return float(node.value)
                return float(node.value.value()) * (1 if unit == "dt" else SECONDS[unit] / self.dt)
            case expr.Unary():
                return -self._value(node.operand, values)
            case expr.Binary():
                left, right = self._value(node.left, values), self._value(node.right, values)
                return float(_ARITHMETIC[node.op](left, right))
        raise TypeError(f"{node!r} has no duration")


_ARITHMETIC: Final[Mapping[expr.Binary.Op, Any]] = {
    expr.Binary.Op.ADD: lambda left, right: left + right,
    expr.Binary.Op.SUB: lambda left, right: left - right,
    expr.Binary.Op.MUL: lambda left, right: left * right,
    expr.Binary.Op.DIV: lambda left, right: left / right,
}


def _end(timed: Sequence[tuple[CircuitInstruction, int, int]]) -> int:
    return max((start + length for _, start, length in timed), default=0)


def _names(node: Any) -> list[str]:
    """The stretches in the duration of a delay."""
    return list(dict.fromkeys(_stretches(node)))


def _stretches(node: Any) -> Iterator[str]:
    if isinstance(node, expr.Stretch):
        yield node.name
    for part in ("left", "right", "operand"):
        if (inner := getattr(node, part, None)) is not None:
            yield from _stretches(inner)
