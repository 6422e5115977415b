"""A device, with what the service says of it.

It loads each of its files on first use and keeps it.
"""

from __future__ import annotations

import json
import re
import statistics
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ..json_text import json_text
from .published import calibrations, with_published_calibration, with_published_instructions, with_slow_gates
from .snapshots import Snapshot, find

Json = dict[str, Any]

# The service has no pulse-level control any more. Newer devices do not have these fields, no client reads them,
# and the contract's types for some of them do not fit the data.
_PULSE_LEVEL = frozenset(
    {
        "acquisition_latency",
        "channels",
        "conditional_latency",
        "discriminators",
        "hamiltonian",
        "meas_kernels",
        "meas_levels",
        "meas_lo_range",
        "n_uchannels",
        "parametric_pulses",
        "pulse_num_channels",
        "pulse_num_qubits",
        "qubit_channel_mapping",
        "qubit_lo_range",
        "rep_delays",
        "uchannels_enabled",
    }
)

# The contract requires this text, and snapshots lack it for these two.
_QASM_OF = {"measure": "measure q -> c;", "reset": "reset q;"}

# The contract allows only letters and digits in the name of a gate. Names such as "measure_2" are in
# `instruction_signatures` and `supported_instructions`, where clients look for them.
_GATE_NAME = re.compile(r"[a-zA-Z0-9]+")

# Supported instructions that a circuit can use beside the native gates.
_ON_ONE_QUBIT = frozenset({"delay", "measure", "measure_2", "measure_reset", "measure_reset_2", "reset", "reset_2"})
_ON_ANY_QUBITS = frozenset({"if_else", "store"})


@frozen
class Device:
    """One device's snapshot. The dictionaries are shared: do not change them."""

    name: str
    snapshot: Snapshot = field(repr=False)
    mock: bool = False
    """It answers jobs with random data: the devices for `dry_run`."""
    calibration: str | None = None
    """Its calibration, if that is not the usual one."""

    def __reduce__(self) -> tuple[Any, ...]:
        """A device that was sent to another process is read there once."""
        return load, (self.name, self.snapshot, self.mock, self.calibration)

    def calibrated(self, calibration: str | None) -> Device:
        """The device with another of its calibrations. Ids that it does not have change nothing."""
        if calibration not in calibrations(self.configuration):
            return self
        return load(self.name, self.snapshot, self.mock, calibration)

    @cached_property
    def configuration(self) -> Json:
        """The body of `get_backend_configuration` (BackendConfigurationResponse)."""
        return with_published_instructions(_configuration(_read(self.snapshot.configuration), name=self.name))

    @cached_property
    def properties(self) -> Json:
        """The calibration data: the body of `get_backend_properties` (BackendPropertiesResponse).

        Units are those of the snapshot: times in "us" or "ns", frequencies in "GHz", errors without a unit.
        """
        properties = _properties(_read(self.snapshot.properties), name=self.name)
        properties = with_published_calibration(properties, self.configuration)
        return with_slow_gates(properties, self.configuration) if self.calibration else properties

    @cached_property
    def defaults(self) -> Json | None:
        """Pulse defaults (BackendDefaultsResponse), or None: current versions of qiskit-ibm-runtime ship none."""
        path = self.snapshot.defaults
        return _read(path) if path != self.snapshot.configuration and path.exists() else None

    @property
    def qubits(self) -> int:
        """The number of qubits."""
        return int(self.configuration["n_qubits"])

    @cached_property
    def operational(self) -> dict[str, frozenset[tuple[int, ...]] | None]:
        """The instructions of the device: name -> its allowed qubits, None for any."""
        return _operational(self.configuration, self.properties)

    @cached_property
    def summary(self) -> str:
        """The unchanging part of this device's entry in `list_backends` (BackendsResponse.devices), as JSON."""
        entry = {
            "name": self.name,
            "is_simulator": False,
            "qubits": self.qubits,
            "physical_qubits": _physical_qubits(self.configuration),
            "clops": self.configuration.get("clops"),
            "processor_type": self.configuration.get("processor_type"),
            # Read from the file, so that a list of all devices does not keep the calibration data of each.
            "performance_metrics": _performance(self.configuration, _read(self.snapshot.properties)),
        }
        return json_text(entry | {"class": "mock"} if self.mock else entry)


@cache
def load(name: str, snapshot: Snapshot, mock: bool = False, calibration: str | None = None) -> Device:
    """The device with these files."""
    return Device(name, snapshot, mock, calibration)


def get(name: str) -> Device:
    """The device of a snapshot of qiskit-ibm-runtime, under its own name.

    Raises:
        KeyError: there is no such snapshot.
    """
    return load(name, find(name))


def _read(path: Path) -> Json:
    content: Json = json.loads(path.read_bytes())
    return content


def _configuration(snapshot: Json, *, name: str) -> Json:
    absent = (None, "None")
    configuration = {key: value for key, value in snapshot.items() if value not in absent and key not in _PULSE_LEVEL}
    for key in ("dt", "dtm"):
        if key in configuration and configuration[key].is_integer():
            configuration[key] = int(configuration[key])
    if "default_rep_delay" in configuration:
        configuration["default_rep_delay"] = round(configuration["default_rep_delay"])
    if configuration.get("processor_type"):
        configuration["processor_type"] = {key: str(value) for key, value in configuration["processor_type"].items()}
    configuration["backend_name"] = name
    configuration["online_date"] = _timestamp(snapshot["online_date"], timespec="milliseconds")
    configuration["u_channel_lo"] = []
    configuration.setdefault("coupling_map", [])
    # Early devices have none; only drawings need them.
    configuration.setdefault("coords", [[0, qubit] for qubit in range(snapshot["n_qubits"])])
    configuration["gates"] = [_gate(gate) for gate in snapshot["gates"] if _GATE_NAME.fullmatch(gate["name"])]
    clops = _clops(snapshot)
    if clops is None:
        configuration.pop("clops", None)
    else:
        configuration["clops"] = clops
    return configuration


def _gate(gate: Json) -> Json:
    return gate | {
        "parameters": gate["parameters"] or [],
        "qasm_def": gate["qasm_def"] or _QASM_OF[gate["name"]],
    }


def _physical_qubits(configuration: Json) -> int:
    """Qubits and couplers. That nothing else counts is a guess."""
    return int(configuration["n_qubits"]) + len({frozenset(pair) for pair in configuration["coupling_map"]})


def _clops(snapshot: Json) -> Json | None:
    """Circuit layer operations per second: the hardware-aware number if there is one."""
    for key, kind in (("clops_h", "hardware"), ("clops_v", "virtual"), ("clops", "virtual")):
        if isinstance(snapshot.get(key), int):
            return {"type": kind, "value": snapshot[key]}
    return None


def _properties(snapshot: Json, *, name: str) -> Json:
    qubits = [[_dated(entry) for entry in qubit] for qubit in snapshot["qubits"]]
    gates = [gate | {"parameters": [_dated(entry) for entry in gate["parameters"]]} for gate in snapshot["gates"]]
    return snapshot | {
        "backend_name": name,
        "last_update_date": _timestamp(snapshot["last_update_date"], timespec="seconds"),
        "qubits": qubits,
        "gates": gates,
        "general": [_dated(entry) for entry in snapshot["general"]],
    }


def _dated(entry: Json) -> Json:
    return entry | {"date": _timestamp(entry["date"], timespec="milliseconds")}


@cache
def _timestamp(text: str, *, timespec: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def _values(entries: list[Json]) -> dict[str, float]:
    return {entry["name"]: entry["value"] for entry in entries}


def _operational(configuration: Json, properties: Json) -> dict[str, frozenset[tuple[int, ...]] | None]:
    anywhere = frozenset((qubit,) for qubit in range(configuration["n_qubits"]))
    instructions: dict[str, frozenset[tuple[int, ...]] | None] = {
        name: anywhere if name in _ON_ONE_QUBIT else None
        for name in configuration["supported_instructions"]
        if name in _ON_ONE_QUBIT | _ON_ANY_QUBITS
    }
    coupled = {gate["name"]: gate.get("coupling_map") for gate in configuration["gates"]}
    for name in configuration["basis_gates"]:
        # If the configuration has no places for a gate (rzz on fake_fractional), the calibration has them.
        places = coupled.get(name) or [gate["qubits"] for gate in properties["gates"] if gate["gate"] == name]
        instructions[name] = frozenset(map(tuple, places)) if places else anywhere
    return instructions


def _performance(configuration: Json, properties: Json) -> Json:
    """Error rates as the service's device list reports them (PerformanceMetrics)."""
    native = set(configuration["basis_gates"]) - {"rzz"}
    pairs: dict[tuple[str, frozenset[int]], tuple[float, str, list[int]]] = {}
    for gate in properties["gates"]:
        error = _values(gate["parameters"]).get("gate_error")
        # An error of 1 in a calibration means that the gate could not be measured.
        if len(gate["qubits"]) == 2 and gate["gate"] in native and error is not None and error < 1:
            pairs.setdefault((gate["gate"], frozenset(gate["qubits"])), (error, gate["gate"], gate["qubits"]))
    readout = [_values(entries).get("readout_error") for entries in properties["qubits"]]
    metrics: Json = {
        "readout_error_median": {"value": statistics.median(v for v in readout if v is not None), "unit": ""}
    }
    if pairs:
        error, gate, qubits = min(pairs.values())
        metrics["two_q_error_best"] = {"value": error, "gate": gate, "unit": "", "qubits": list(qubits)}
        metrics["two_q_error_median"] = {"value": statistics.median(p[0] for p in pairs.values()), "unit": ""}
    layered = _error_per_layered_gate(properties)
    if layered is not None:
        metrics["two_q_error_layered"] = {"value": layered, "unit": ""}
    return metrics


def _error_per_layered_gate(properties: Json) -> float | None:
    """1 - LF^(1/(n-1)) for the longest chain of n qubits whose layer fidelity LF was measured."""
    fidelities = {
        int(entry["name"].removeprefix("lf_")): entry["value"]
        for entry in properties["general"]
        if re.fullmatch(r"lf_\d+", entry["name"]) and entry["value"] > 0
    }
    if not fidelities:
        return None
    length = max(fidelities)
    return float(1 - fidelities[length] ** (1 / (length - 1)))
