"""Devices for the tests with Qiskit: one without errors, and one with those of a snapshot."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

__all__ = ["choice"]

PERFECT = {"T1": 1e9, "T2": 1e9}


def choice(folder: Path) -> dict[str, str]:
    """What `Emulator(devices=)` takes; the files of the first device go into `folder`."""
    snapshot = files("qiskit_ibm_runtime.fake_provider.backends.guadalupe")
    configuration = json.loads(snapshot.joinpath("conf_guadalupe.json").read_bytes())
    properties = json.loads(snapshot.joinpath("props_guadalupe.json").read_bytes())
    # As devices of today: the snapshot is older than control flow.
    configuration["supported_instructions"] = ["if_else", *configuration.get("supported_instructions", [])]
    for entries in (*properties["qubits"], *(gate["parameters"] for gate in properties["gates"])):
        for entry in entries:
            if "error" in entry["name"] or entry["name"].startswith("prob_"):
                entry["value"] = 0.0
            entry["value"] = PERFECT.get(entry["name"], entry["value"])
    written = []
    for name, content in {"configuration": configuration, "properties": properties}.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps(content))
        written.append(str(file))
    return {"ideal": ",".join(written), "noisy": "ibmq_manila"}
