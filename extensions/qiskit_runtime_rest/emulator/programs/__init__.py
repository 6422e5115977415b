"""The programs of jobs, as pure functions that run in worker processes.

Importing this package does not import qiskit or numpy: a program's module is loaded when it first runs.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from .. import devices
from .outcome import HEAVY, Completed, Failure, Heavy, HeavyJobError, JobFailedError, Kind, Metrics, Outcome, failure
from .policy import STRICT, Policy

__all__ = ["PROGRAMS", "STRICT", "Completed", "Failure", "Heavy", "Metrics", "Outcome", "Policy", "load", "run", "warm"]

Program = Callable[..., Completed]

# Program id -> the module here with its `run`.
PROGRAMS: Mapping[str, str] = {
    "sampler": "sampler",
    "estimator": "estimator",
    "executor": "executor",
    "noise-learner": "noise_learner",
    "noise-learner-v3": "noise_learner",
    "calibrate": "calibrate",
}
_SMALLEST = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'


def run(
    program_id: str, params: Mapping[str, Any], *, device: devices.Device, seed: int, policy: Policy = STRICT
) -> Outcome | Heavy:
    """Run a program and return its result, or the reason of its failure; never raises.

    `Heavy`, without having run it, only if the policy has `light_seconds`.

    Args:
        program_id: `program_id` of a job, one of `PROGRAMS`.
        params: `params` of the job (create_job), as parsed from its JSON.
        device: where it runs.
        seed: the seed of all random numbers, unless the job's options have one.
        policy: which circuits run.
    """
    if program_id not in PROGRAMS:
        return failure(Kind.UNKNOWN_PROGRAM, program=program_id, programs=", ".join(sorted(PROGRAMS)))
    try:
        program: Program = import_module(f"{__name__}.{PROGRAMS[program_id]}").run
        return program(params, device=device, seed=seed, policy=policy)
    except HeavyJobError:
        return HEAVY
    except JobFailedError as error:
        return failure(error.kind, log=_log(error), seed=seed, **error.details)
    except Exception as error:
        return failure(Kind.EXECUTION_FAILED, log=_log(error), detail=f"{type(error).__name__}: {error}")


def load(*, everything: bool = False) -> None:
    """Import what the primitives need; `everything`: also what error suppression needs."""
    with contextlib.suppress(Exception):  # the job that needs it fails, and says why
        for module in ("sampler", "estimator", *(["suppression"] if everything else [])):
            import_module(f"{__name__}.{module}")


def warm() -> None:
    """Run a tiny job, so that the first real one waits for nothing."""
    load(everything=True)
    run("sampler", {"pubs": [_SMALLEST]}, device=devices.get("ibmq_armonk"), seed=0)


def _log(error: Exception) -> str:
    return "".join(traceback.format_exception(error))
