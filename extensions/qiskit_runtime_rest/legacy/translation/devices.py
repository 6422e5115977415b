"""Transformations of what devices are: as the official SDKs read it, and in the calls of 2019."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from ..messages import ClassicResponse, read_json
from .call import ClassicCall
from .official_sdks import PENDING_JOBS
from .old_decoders import CLIENT_HEADER

__all__ = [
    "backend_queue",
    "classic_configuration",
    "classic_defaults",
    "classic_properties",
    "filter_of_2019",
    "full_configurations",
    "jobs_limit",
    "pending_on_backend",
]

CONFIGURATION = "GET /v1/backends/{name}/configuration"
FREQUENCY = "frequency"
NO_PULSES = {"qubit_freq_est": [], "meas_freq_est": [], "buffer": 0, "pulse_library": [], "cmd_def": []}
PULSE_SDKS = re.compile(r"qiskit_ibm_runtime-0\.1[0-8]\b")
"""Versions of qiskit-ibm-runtime that build no target of a device without pulses."""


async def full_configurations(call: ClassicCall) -> None:
    """The configurations of all devices, instead of their names."""
    devices = (call.document() or {}).get("devices", [])
    reads = [call.send(CONFIGURATION, names={"name": one["name"]}) for one in devices]
    found = await asyncio.gather(*reads)
    call.response = ClassicResponse.of_json([one.json() for one in found])


async def classic_configuration(call: ClassicCall) -> None:
    """Add what the configuration of a device with pulses must have, for SDKs that build no target without it."""
    configuration = call.document()
    if not PULSE_SDKS.search(call.request.headers.get(CLIENT_HEADER, "")) or not isinstance(configuration, dict):
        return
    no_range = [[0, 0]] * int(configuration.get("n_qubits", 0))
    without_channels: dict[str, Any] = {
        "n_uchannels": 0,
        "u_channel_lo": [],
        "meas_levels": [1, 2],
        "qubit_lo_range": no_range,
        "meas_lo_range": no_range,
        "dtm": configuration.get("dt"),
        "rep_times": [],
        "meas_kernels": [],
        "discriminators": [],
    }
    call.note("open_pulse", "is true, without any channel: this version of the SDK builds no target otherwise")
    call.response = ClassicResponse.of_json(without_channels | configuration | {"open_pulse": True})


async def filter_of_2019(call: ClassicCall) -> None:
    """Turn the filter of the API of 2019 into the parameter of v1."""
    where = read_json(call.query.get("filter", ["{}"])[-1].encode(), name="filter")
    before = where.get("where", {}).get("last_update_date", {}).get("lt")
    call.query = {} if before is None else {"updated_before": [before]}


async def classic_properties(call: ClassicCall) -> None:
    """Add frequencies of qubits and leave out measurements: official SDKs before 0.24 build no target otherwise."""
    properties = call.document()
    if not isinstance(properties, dict):
        return
    gates = properties.get("gates", [])
    properties["gates"] = [gate for gate in gates if not str(gate.get("gate")).startswith("measure")]
    if len(properties["gates"]) < len(gates):
        call.note("gates", "are without the measurements that v1 lists among them")
    for qubit in properties.get("qubits", ()):
        if not any(one.get("name") == FREQUENCY for one in qubit):
            unknown = {"date": properties.get("last_update_date"), "name": FREQUENCY, "unit": "GHz", "value": 0}
            qubit.append(unknown)
            call.note("qubits.frequency", "is 0 where v1 does not say it")
    call.response = ClassicResponse.of_json(properties)


async def classic_defaults(call: ClassicCall) -> None:
    """Send defaults without pulses where v1 has none: official SDKs before 0.20 expect some of every device."""
    if not call.document():
        call.note("defaults", "have no pulses: v1 has none")
        call.response = ClassicResponse.of_json(NO_PULSES)


async def backend_queue(call: ClassicCall) -> None:
    """The status of a backend with the name of its queue's length of 2019."""
    status = call.document() or {}
    call.response = ClassicResponse.of_json({**status, "lengthQueue": status.get("length_queue", 0)})


async def pending_on_backend(call: ClassicCall) -> None:
    """Ask for the number of pending jobs of the backend."""
    call.query = {**PENDING_JOBS, "backend": [call.names["name"]]}


async def jobs_limit(call: ClassicCall) -> None:
    """No limit for one backend, and how many jobs are pending on it."""
    pending = (call.document() or {}).get("count", 0)
    call.response = ClassicResponse.of_json({"maximumJobs": -1, "runningJobs": pending})
