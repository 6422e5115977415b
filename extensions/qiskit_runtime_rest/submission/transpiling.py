"""Transpile circuits for a device with Qiskit, from its configuration and its properties."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from ..arguments import real_number
from ..base.text import shown
from ..errors import InvalidInput, MissingExtra
from .circuits import circuit_text, is_circuit, observable_value

__all__ = ["LEVELS", "device_models", "device_target", "optimization_level", "transpiled_pubs"]

LEVELS = range(4)
DEFAULT_LEVEL = 2


def optimization_level(transpile: bool | int) -> int | None:
    """Qiskit's optimization level for the argument `transpile`; None: the circuits stay as they are.

    Raises:
        InvalidInput: neither a bool nor a level.
    """
    if isinstance(transpile, bool):
        return DEFAULT_LEVEL if transpile else None
    if real_number(transpile) not in LEVELS:
        raise InvalidInput(f"transpile={shown(transpile)}: must be True, False, or an optimization level from 0 to 3.")
    return int(transpile)


def transpiled_pubs(
    pubs: Any, configuration: bytes, properties: bytes | None, *, level: int, observables: bool
) -> list[tuple[Any, ...]]:
    """The pubs, with circuits in the device's gates and observables on its qubits.

    Args:
        pubs: as for `client.sampler` or `client.estimator`.
        configuration, properties: of the backend, as JSON texts of the service.
        level: Qiskit's optimization level.
        observables: whether the second part of a pub is its observables.

    Raises:
        MissingExtra: Qiskit is not installed.
        InvalidInput: a circuit cannot be read, or does not fit the device.
    """
    try:
        manager = _pass_manager(configuration, properties, level)
    except ModuleNotFoundError as error:
        raise MissingExtra("transpile=", extra="qiskit", module=error.name) from None
    made = []
    for place, pub in enumerate(_listed(pubs, observables=observables)):
        circuit, *rest = pub
        try:
            native = manager.run(_qiskit_circuit(circuit))
        except InvalidInput:
            raise
        except Exception as error:  # whatever Qiskit raises
            raise InvalidInput(f"pub {place}: the circuit cannot be transpiled: {error}") from error
        if observables and rest:
            rest[0] = _on_device(rest[0], native.layout, native.num_qubits)
        made.append((native, *rest))
    return made


def _listed(pubs: Any, *, observables: bool) -> Iterable[tuple[Any, ...]]:
    if is_circuit(pubs):
        return [(pubs,)]
    alone = isinstance(pubs, tuple) and pubs and is_circuit(pubs[0]) and (observables or not is_circuit(pubs[-1]))
    return [(pub,) if is_circuit(pub) else tuple(pub) for pub in ([pubs] if alone else pubs)]


def _qiskit_circuit(circuit: Any) -> Any:
    """`circuit` as a circuit of Qiskit; texts and circuits of other packages are read as OpenQASM."""
    if hasattr(circuit, "num_qubits") and type(circuit).__module__.startswith("qiskit."):
        return circuit
    text = circuit_text(circuit)
    if not isinstance(text, str):
        raise InvalidInput(
            f"a circuit is OpenQASM text, or an object of a known package, not {type(circuit).__name__}."
        )
    old = text.lstrip().startswith("OPENQASM 2")
    return import_module("qiskit.qasm2" if old else "qiskit.qasm3").loads(text)


def _on_device(observables: Any, layout: Any, num_qubits: int) -> Any:
    """Observables of the circuit before as those of the transpiled one; nested lists stay nested."""
    value = observable_value(observables)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_on_device(part, layout, num_qubits) for part in value]
    terms = value if isinstance(value, Mapping) else {value: 1.0}
    operator = import_module("qiskit.quantum_info").SparsePauliOp.from_list(list(terms.items()))
    return observable_value(operator.apply_layout(layout, num_qubits))


def device_models(configuration: dict[str, Any], properties: dict[str, Any] | None) -> tuple[Any, Any]:
    """Configuration and properties of a device as objects of IBM's SDK, which has to be installed."""
    decoder = import_module("qiskit_ibm_runtime.utils.backend_decoder")
    device = decoder.configuration_from_server_data(configuration)
    return device, decoder.properties_from_server_data(properties) if properties else None


def device_target(configuration: Any, properties: Any) -> Any:
    """Qiskit's `Target` of a device, from these objects."""
    converter = import_module("qiskit_ibm_runtime.utils.backend_converter")
    return converter.convert_to_target(configuration, properties)


def _pass_manager(configuration: bytes, properties: bytes | None, level: int) -> Any:
    target = device_target(*device_models(json.loads(configuration), json.loads(properties or b"null")))
    return import_module("qiskit.transpiler").generate_preset_pass_manager(optimization_level=level, target=target)
