"""V1 primitives and circuit runners become V2 primitives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..call import Call
from ..errors import INVALID_INPUT, ClassicError
from ..primitives.circuits import Prepared
from ..primitives.options import ESTIMATOR
from ..primitives.params import PROGRAMS, Asked, read
from ..primitives.transpiling import Work, transpiled

__all__ = ["primitive_v2"]

VERSION = 2


async def primitive_v2(call: Call) -> None:
    """Turn circuits into pubs, in the backend's own gates; params that have pubs pass."""
    body = call.fields()
    program = PROGRAMS.get(body["program_id"])
    params = body.get("params")
    if program is None or not isinstance(params, Mapping):
        return
    if "pubs" in params:
        _without_transpilation(call, params)
        return
    if program.now != body["program_id"]:
        call.note("program_id", f"{body['program_id']} is {program.now} now")
    asked = read(body["program_id"], params, note=call.note)
    skip = bool(asked.chosen.transpile.get("skip"))
    configuration = None if skip else await _configuration(call, body["backend"])
    pubs = await transpiled(Work(runs=asked.runs, configuration=configuration, transpile=asked.chosen.transpile))
    if configuration is not None:
        call.note("params.circuits", "those in other gates than the backend's are transpiled before they are sent")
    body["program_id"] = program.now
    body["params"] = _params(program.now, pubs, asked)
    call.kept["form"] = asked.form


def _without_transpilation(call: Call, params: Mapping[str, Any]) -> None:
    for where, name in ((params, "params"), (params.get("options"), "params.options")):
        if isinstance(where, dict) and "transpilation" in where:
            del where["transpilation"]
            call.note(f"{name}.transpilation", "ignored: pubs hold circuits in the backend's own gates")


async def _configuration(call: Call, backend: str) -> dict[str, Any]:
    configuration = await call.ask("GET /v1/backends/{name}/configuration", names={"name": backend})
    found = configuration.json()
    if not isinstance(found, dict):
        raise ClassicError(INVALID_INPUT, f"backend: nothing is known of {backend!r}.")
    return found


def _params(program: str, prepared: list[Prepared], asked: Asked) -> dict[str, Any]:
    params: dict[str, Any] = {**asked.chosen.params, "version": VERSION, "support_qiskit": False}
    if program == ESTIMATOR:
        options = params.setdefault("options", {})
        options["default_shots"] = asked.shots
        params["pubs"] = [[one.text, _real(one.observable or {})] for one in prepared]
    else:
        params["pubs"] = [[one.text] for one in prepared]
        params["shots"] = asked.shots
    return params


def _real(observable: Mapping[str, complex]) -> dict[str, float]:
    return {label: coefficient.real for label, coefficient in observable.items()}
