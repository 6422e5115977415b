"""Convert circuits to the gates of a backend. The classic API transpiled them itself; v1 does not."""

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
"""Coefficients by Pauli label, with qubit 0 on the right."""

QASM2 = re.compile(r"(?:\s|//[^\n]*\n)*OPENQASM\s+2")
PAULI = re.compile(r"[IXYZ]+")
ALWAYS = ("measure", "reset", "delay")
OPTIMIZATION_LEVEL = 1


class Targets:
    """The transpiler's targets of the backends. Each is built only once."""

    def __init__(self) -> None:
        """Start empty."""
        self._known: dict[tuple[str, ...], Target] = {}

    def of(self, configuration: Mapping[str, Any]) -> Target:
        """The target of a backend's configuration. Source: operation `get_backend_configuration`."""
        gates = tuple(configuration.get("basis_gates") or ())
        key = (str(configuration.get("backend_name")), str(configuration.get("backend_version")), *gates)
        if key not in self._known:
            self._known[key] = _target(gates, configuration)
        return self._known[key]


def _target(gates: Sequence[str], configuration: Mapping[str, Any]) -> Target:
    from qiskit.circuit.controlflow import get_control_flow_name_mapping
    from qiskit.circuit.library import get_standard_gate_name_mapping
    from qiskit.transpiler import CouplingMap, Target

    # Devices have gates that Qiskit does not know, such as `xslow`; a circuit of the classic API has none of them.
    known = get_standard_gate_name_mapping()
    coupling = configuration.get("coupling_map")
    target: Target = Target.from_configuration(
        basis_gates=list(dict.fromkeys([*(gate for gate in gates if gate in known), *ALWAYS])),
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
    """A circuit for v1: OpenQASM 3, and the observable on its qubits."""

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
    """Bind parameters, and transpile the circuit unless it has the target's gates already.

    Args:
        source: OpenQASM 2 or 3, or wrapped QPY of IBM's SDK.
        values: of the circuit's parameters, in the order of their names.
        observable: on the circuit's qubits; None: the circuit measures.
        target: None: do not transpile.
        transpile: options: optimization_level, initial_layout, layout_method, ...

    Raises:
        ClassicError: 400: the circuit cannot be read, does not fit the target, or has other parameters.
    """
    if isinstance(source, str) and target is None and not values and not QASM2.match(source):
        return Prepared(source, observable)
    circuit = _read(source if isinstance(source, str) else _key(source))
    if len(values) != circuit.num_parameters:
        raise ClassicError(
            INVALID_INPUT, f"the circuit has {circuit.num_parameters} parameters, got {len(values)} values."
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
    """The text of a circuit that IBM's SDK has wrapped."""
    if not isinstance(source, dict) or source.get("__type__") != "QuantumCircuit":
        raise ClassicError(INVALID_INPUT, "params.circuits: expected OpenQASM texts, or circuits encoded by IBM's SDK.")
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
                include_path=(),  # read no local files; `qelib1.inc` is built in
                custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
                custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
            )
        read: QuantumCircuit = qasm3.loads(text)
        return read
    # The parsers raise many kinds of errors.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ClassicError(INVALID_INPUT, f"params.circuits: a circuit cannot be read ({reason}).") from error


def _is_isa(circuit: QuantumCircuit, target: Target, places: Sequence[int] = ()) -> bool:
    """Whether the target supports all instructions. `places`: the qubits of a block within its circuit."""
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
        raise ClassicError(
            INVALID_INPUT, f"params.observables: an observable does not fit its circuit ({error})."
        ) from error
    return {str(label): complex(coefficient) for label, coefficient in moved.to_list()}
