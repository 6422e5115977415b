"""The calibrator: the devices do not change, so that it has nothing to do but to say when it ran."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from qiskit_ibm_runtime.calibrator.params_converters import CALIBRATOR_PARAMS_CONVERTERS
from qiskit_ibm_runtime.decoders.calibrator.decoder import AVAILABLE_DECODERS

from ..devices import Device
from . import reading
from .outcome import Completed
from .policy import Policy
from .timing import metrics


def run(params: Mapping[str, Any], *, device: Device, seed: int, policy: Policy) -> Completed:  # noqa: ARG001
    """Run a calibrator job.

    Raises:
        JobFailedError: as `programs.run` reports it.
    """
    start = datetime.now(UTC)
    read = reading.model(CALIBRATOR_PARAMS_CONVERTERS, params)
    _, model = AVAILABLE_DECODERS[read.schema_version]
    body = model(start=start, stop=datetime.now(UTC)).model_dump_json()
    return Completed(body=body, metrics=metrics([], device=device, rep_delay=None))
