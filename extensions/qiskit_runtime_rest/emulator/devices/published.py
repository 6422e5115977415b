"""What devices publish today, and older snapshots lack: instructions, and the numbers of their calibration.

Sources: the configurations of ibm_fez, ibm_kingston, ibm_marrakesh and ibm_phoenix of 2026-09. Their numbers are not
known; those here are the neighbour's: of the gate that is most like it, on the same qubits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

__all__ = ["calibrations", "with_published_calibration", "with_published_instructions", "with_slow_gates"]

Json = dict[str, Any]


@frozen
class _Instruction:
    neighbour: str
    """The instruction whose calibration it takes; `2q` for the two-qubit gate of the device."""
    gate: Json | None = None
    """The entry of a gate in the configuration, without its places."""
    signature: Json | None = None
    """The entry of an instruction that OpenQASM does not know."""
    nanoseconds: float | None = None
    """Its length, where that is known."""


def _signature(description: str, *, bits: int) -> Json:
    kind = "Bool" if bits else "None"
    return {"description": description, "num_clbits": bits, "num_qubits": 1, "parameters": [], "return_type": kind}


_INSTRUCTIONS: Mapping[str, _Instruction] = {
    "rx": _Instruction("sx", {"parameters": ["theta"], "qasm_def": "gate rx(theta) q { U(theta, -pi/2, pi/2) q; }"}),
    "rzz": _Instruction(
        "2q", {"parameters": ["theta"], "qasm_def": "gate rzz(theta) a, b { cx a, b; rz(theta) b; cx a, b; }"}
    ),
    "xslow": _Instruction("x", {"parameters": [], "qasm_def": "gate xslow q { U(pi, 0, pi) q; }"}, nanoseconds=1000),
    "reset": _Instruction("measure"),
    "reset_2": _Instruction("reset", signature=_signature("A reset with a shorter pulse.", bits=0)),
    "measure_2": _Instruction("measure", signature=_signature("A measurement with a shorter pulse.", bits=1)),
    "measure_reset": _Instruction("measure", signature=_signature("A measurement, then a reset.", bits=1)),
    "measure_reset_2": _Instruction(
        "measure_2", signature=_signature("A measurement and a reset with shorter pulses.", bits=1)
    ),
}

_EVERYWHERE = ("if_else", "measure_2", "measure_reset", "measure_reset_2", "reset", "store", "rx", "xslow")
_HERON = (*_EVERYWHERE, "reset_2", "rzz")

# Family and revision of the processor -> what its devices publish besides what all snapshots have.
_PUBLISHED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Heron", "1"): ("rx", "rzz"),
    ("Heron", "2"): _HERON,
    ("Heron", "3"): _HERON,
    ("Nighthawk", "2"): _EVERYWHERE,
}

# Family of the processor -> its calibrations besides the usual one. In all of them the two-qubit gates are slow.
_CALIBRATIONS: Mapping[str, tuple[str, ...]] = {
    "Heron": ("slow_gates_ac", "slow_gates_dc"),
    "Nighthawk": ("slow_gates",),
}
# Not published: a guess.
_SLOW = 2

# Control flow of earlier times, which no device has any more.
_RETIRED = frozenset({"for_loop", "switch_case", "while_loop"})


def with_published_instructions(configuration: Json) -> Json:
    """The configuration with the instructions that the family of the device publishes."""
    supported = configuration.get("supported_instructions", ["delay", "measure", "reset"])
    supported = [name for name in supported if name not in _RETIRED]
    published = _published(configuration)
    gates = {name: one.gate for name in published if (one := _INSTRUCTIONS.get(name)) and one.gate is not None}
    present = {gate["name"] for gate in configuration["gates"]}
    signatures = list(configuration.get("instruction_signatures", []))
    known = {signature["name"] for signature in signatures}
    for name in published:
        one = _INSTRUCTIONS.get(name)
        if one is not None and one.signature is not None and name not in known:
            signatures.append({"name": name, **one.signature})
    return configuration | {
        "basis_gates": sorted({*configuration["basis_gates"], *gates}) if gates else configuration["basis_gates"],
        "supported_instructions": [*supported, *(name for name in published if name not in supported)],
        "instruction_signatures": signatures,
        "gates": [
            *configuration["gates"],
            *(
                {"name": name, **gate, "coupling_map": _places(name, configuration)}
                for name, gate in gates.items()
                if name not in present
            ),
        ],
    }


def with_published_calibration(properties: Json, configuration: Json) -> Json:
    """The properties with the calibration of all instructions of the (completed) configuration.

    An `rzz` that could not be measured (an error of 1, with which no circuit would work) takes its neighbour's, too.
    """
    published = _published(configuration)
    if not published:
        return properties
    found = {(gate["gate"], tuple(gate["qubits"])): gate for gate in _with_measurements(properties)}
    two = _two_qubit_gate(configuration)
    for name in published:
        one = _INSTRUCTIONS.get(name)
        if one is None:
            continue
        neighbour = two if one.neighbour == "2q" else one.neighbour
        for (gate, qubits), entry in list(found.items()):
            if gate == neighbour and _is_missing(found.get((name, qubits))):
                found[name, qubits] = _like(entry, name, one.nanoseconds)
    return properties | {"gates": list(found.values())}


def calibrations(configuration: Json) -> tuple[str, ...]:
    """The ids of the calibrations of a device besides the usual one."""
    return _CALIBRATIONS.get(str((configuration.get("processor_type") or {}).get("family")), ())


def with_slow_gates(properties: Json, configuration: Json) -> Json:
    """The properties of a calibration with slow two-qubit gates, whose errors are as usual."""
    name = _two_qubit_gate(configuration)
    return properties | {"gates": [_slowed(gate) if gate["gate"] == name else gate for gate in properties["gates"]]}


def _slowed(gate: Json) -> Json:
    parameters = [
        entry | ({"value": entry["value"] * _SLOW} if entry["name"] == "gate_length" else {})
        for entry in gate["parameters"]
    ]
    return gate | {"parameters": parameters}


def _published(configuration: Json) -> tuple[str, ...]:
    processor = configuration.get("processor_type") or {}
    revision = str(processor.get("revision", "")).partition(".")[0]
    return _PUBLISHED.get((str(processor.get("family")), revision), ())


def _two_qubit_gate(configuration: Json) -> str | None:
    return next((name for name in ("cz", "ecr", "cx") if name in configuration["basis_gates"]), None)


def _places(name: str, configuration: Json) -> list[list[int]]:
    two = _two_qubit_gate(configuration)
    like = two if _INSTRUCTIONS[name].neighbour == "2q" else "x"
    places: list[list[int]] = next(gate["coupling_map"] for gate in configuration["gates"] if gate["name"] == like)
    return places


def _with_measurements(properties: Json) -> list[Json]:
    """The calibrated gates, and entries for measurements, which older snapshots have with the qubits only."""
    gates: list[Json] = properties["gates"]
    if any(gate["gate"] == "measure" for gate in gates):
        return gates
    names = {"readout_error": "gate_error", "readout_length": "gate_length"}
    measurements = [
        {
            "qubits": [qubit],
            "gate": "measure",
            "name": f"measure{qubit}",
            "parameters": [entry | {"name": names[entry["name"]]} for entry in entries if entry["name"] in names],
        }
        for qubit, entries in enumerate(properties["qubits"])
    ]
    return [*gates, *measurements]


def _is_missing(gate: Json | None) -> bool:
    return gate is None or (
        gate["gate"] == "rzz" and any(e["name"] == "gate_error" and e["value"] >= 1 for e in gate["parameters"])
    )


def _like(gate: Json, name: str, nanoseconds: float | None) -> Json:
    parameters = [
        entry | ({"value": nanoseconds, "unit": "ns"} if entry["name"] == "gate_length" and nanoseconds else {})
        for entry in gate["parameters"]
    ]
    places = "_".join(map(str, gate["qubits"]))
    return gate | {"gate": name, "name": f"{name}{places}", "parameters": parameters}
