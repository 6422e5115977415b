"""Whether a device can run a circuit as it is (an "ISA" circuit); the service fails other jobs."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen
from qiskit import QuantumCircuit

from ..devices import Device
from .outcome import JobFailedError, Kind

FRACTIONAL = frozenset({"rx", "rzz"})
"""Gates with an angle that devices have as one pulse."""

# Every device accepts these, and none lists them.
_ALWAYS = frozenset({"barrier", "box", "break_loop", "continue_loop"})


@frozen
class Placed:
    """An instruction of a circuit, and its qubits on the device in the instruction's order."""

    name: str
    qubits: tuple[int, ...]


def instructions(circuit: QuantumCircuit, places: list[int] | None = None) -> Iterator[Placed]:
    """All instructions, including those in the bodies of control flow.

    `places` is the device's qubit for each qubit of the circuit; by default the same one.
    """
    if places is None:
        places = list(range(circuit.num_qubits))
    for instruction in circuit.data:
        qubits = tuple(places[circuit.find_bit(qubit).index] for qubit in instruction.qubits)
        yield Placed(instruction.operation.name, qubits)
        for block in getattr(instruction.operation, "blocks", ()):
            yield from instructions(block, list(qubits))


def check(circuit: QuantumCircuit, *, device: Device, where: str) -> None:
    """Check that the device can run a circuit; `where` names the circuit in the error.

    Raises:
        JobFailedError: the circuit has too many qubits, gates that are not native, or gates on uncoupled qubits.
    """
    if circuit.num_qubits > device.qubits:
        raise JobFailedError(
            Kind.TOO_WIDE,
            backend=device.name,
            where=where,
            wanted=circuit.num_qubits,
            available=device.qubits,
        )
    operational = device.operational
    for placed in instructions(circuit):
        if placed.name in _ALWAYS:
            continue
        places = operational.get(placed.name, frozenset())
        if places is not None and placed.qubits not in places:
            raise JobFailedError(
                Kind.NOT_ISA,
                backend=device.name,
                name=placed.name,
                qubits=placed.qubits,
                where=where,
                because=_because(placed, device),
            )


def _because(placed: Placed, device: Device) -> str:
    operational = device.operational
    if placed.name not in operational:
        return f"; its instructions are {', '.join(sorted(operational))}."
    if len(placed.qubits) == 2 and placed.qubits[::-1] in (operational[placed.name] or ()):
        return f"; the device has it in the direction {placed.qubits[::-1]}."
    if len(placed.qubits) == 2:
        return "; the device does not couple these qubits."
    return "; the device cannot use these qubits."
