"""Circuits as the classic API took them, brought into the gates of a device: it transpiled them itself, v1 does not."""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from ..messages import INVALID_INPUT, ClassicError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

__all__ = ["Observable", "Prepared", "Targets", "prepare"]

Observable: TypeAlias = dict[str, complex]
"""From Pauli label, qubit 0 rightmost, to coefficient."""

QASM2 = re.compile(r"(?:\s|//[^\n]*\n)*OPENQASM\s+2")
PAULI = re.compile(r"[IXYZ]+")
ALWAYS = ("measure", "reset", "delay")
OPTIMIZATION_LEVEL = 1


class Targets:
    """The devices, as the transpiler sees them; each is built once."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: dict[tuple[str, ...], Target] = {}

    def of(self, configuration: Mapping[str, Any]) -> Target:
        """The device of a configuration. Source: operation `get_backend_configuration`."""
        gates = tuple(configuration.get("basis_gates") or ())
        key = (str(configuration.get("backend_name")), str(configuration.get("backend_version")), *gates)
        if key not in self._known:
            self._known[key] = _target(gates, configuration)
        return self._known[key]


def _target(gates: Sequence[str], configuration: Mapping[str, Any]) -> Target:
    from qiskit.circuit.controlflow import get_control_flow_name_mapping
    from qiskit.transpiler import CouplingMap, Target

    coupling = configuration.get("coupling_map")
    target: Target = Target.from_configuration(
        basis_gates=list(dict.fromkeys([*gates, *ALWAYS])),
        num_qubits=configuration.get("n_qubits"),
        coupling_map=CouplingMap(coupling) if coupling else None,
        dt=None,
    )
    for name, kind in get_control_flow_name_mapping().items():
        if name in (configuration.get("supported_instructions") or ()):
            target.add_instruction(kind, name=name)
    return target


@dataclass(frozen=True)
class Prepared:
    """A circuit ready to be sent: OpenQASM 3, and the observables on its qubits."""

    text: str
    observable: Observable | None = None


def prepare(
    source: Any,
    *,
    values: Sequence[float],
    observable: Observable | None,
    target: Target | None,
    transpile: Mapping[str, Any],
) -> Prepared:
    """Bind parameters, and bring the circuit into the target's gates unless it is in these already.

    Args:
        source: OpenQASM 2 or 3, or the wrapped QPY of IBM's SDK.
        values: of the circuit's parameters, in the order of their names.
        observable: on the circuit's qubits; None: the circuit measures.
        target: None leaves the circuit as it is.
        transpile: options: optimization_level, initial_layout, layout_method, ...

    Raises:
        ClassicError: the circuit cannot be read, does not fit, or has other parameters.
    """
    if isinstance(source, str) and target is None and not values and not QASM2.match(source):
        return Prepared(source, observable)
    circuit = _read(source if isinstance(source, str) else _key(source))
    if len(values) != circuit.num_parameters:
        raise ClassicError(
            INVALID_INPUT, f"the circuit has {circuit.num_parameters} parameters, {len(values)} values are given."
        )
    is_ready = target is None or _is_isa(circuit, target)
    if target is not None and not is_ready:
        circuit = _transpiled(circuit, target, transpile)
        observable = _laid_out(observable, circuit)
    if observable is None and not circuit.num_clbits:
        raise ClassicError(INVALID_INPUT, "params.circuits: a circuit measures nothing.")
    if is_ready and isinstance(source, str) and not values and not QASM2.match(source):
        return Prepared(source, observable)
    if values:
        circuit = circuit.assign_parameters(list(values))
    from qiskit import qasm3

    return Prepared(qasm3.dumps(circuit), observable)


def _key(source: Any) -> str:
    """The text of a circuit that came wrapped, as IBM's SDK writes it."""
    if not isinstance(source, dict) or source.get("__type__") != "QuantumCircuit":
        raise ClassicError(INVALID_INPUT, "params.circuits: OpenQASM texts, or circuits as IBM's SDK encodes them.")
    return "qpy:" + str(source.get("__value__"))


@lru_cache(maxsize=256)
def _read(text: str) -> QuantumCircuit:
    from qiskit import qasm2, qasm3, qpy

    try:
        if text.startswith("qpy:"):
            circuit: QuantumCircuit = qpy.load(io.BytesIO(zlib.decompress(base64.b64decode(text[4:]))))[0]
            return circuit
        if QASM2.match(text):
            return qasm2.loads(
                text,
                include_path=(),  # no file of this machine's; `qelib1.inc` is known without
                custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
                custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
            )
        read: QuantumCircuit = qasm3.loads(text)
        return read
    # The readers raise whatever their parsers raise.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ClassicError(INVALID_INPUT, f"params.circuits: a circuit cannot be read ({reason}).") from error


def _is_isa(circuit: QuantumCircuit, target: Target, places: Sequence[int] = ()) -> bool:
    """Whether the target has it all as it is. `places`: of the circuit's qubits, where it is a block of another one."""
    if circuit.num_qubits > target.num_qubits:
        return False
    at = dict(zip(circuit.qubits, places or range(circuit.num_qubits), strict=True))
    for instruction in circuit.data:
        operation, used = instruction.operation, tuple(at[qubit] for qubit in instruction.qubits)
        if operation.name != "barrier" and not target.instruction_supported(operation.name, used):
            return False
        if not all(_is_isa(block, target, used) for block in getattr(operation, "blocks", ())):
            return False
    return True


def _transpiled(circuit: QuantumCircuit, target: Target, transpile: Mapping[str, Any]) -> QuantumCircuit:
    from qiskit.transpiler import generate_preset_pass_manager
    from qiskit.transpiler.exceptions import TranspilerError

    options = {"optimization_level": OPTIMIZATION_LEVEL, **transpile}
    options.pop("skip", None)
    try:
        manager = generate_preset_pass_manager(target=target, **options)
        made: QuantumCircuit = manager.run(circuit)
    except (TranspilerError, ValueError, TypeError) as error:
        raise ClassicError(INVALID_INPUT, f"params.circuits: a circuit does not fit the backend ({error}).") from error
    return made


def _laid_out(observable: Observable | None, circuit: QuantumCircuit) -> Observable | None:
    if observable is None:
        return None
    from qiskit.exceptions import QiskitError
    from qiskit.quantum_info import SparsePauliOp

    try:
        moved = SparsePauliOp.from_list(list(observable.items())).apply_layout(circuit.layout)
    except QiskitError as error:
        raise ClassicError(INVALID_INPUT, f"params.observables: one does not fit its circuit ({error}).") from error
    return {str(label): complex(coefficient) for label, coefficient in moved.to_list()}
