"""Transformations of V1 primitives and circuit runners into V2 primitives, and of their results back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import anyio.to_thread

from ..messages import INVALID_INPUT, ClassicAnswer, ClassicError
from ..primitives.circuits import Prepared
from ..primitives.options import ESTIMATOR
from ..primitives.params import PROGRAMS, Asked, read
from ..primitives.results import AS_IS, in_form
from ..primitives.transpiling import Work, transpiled
from .call import Call

__all__ = ["primitive_v1", "primitive_v2"]

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


async def primitive_v1(call: Call) -> None:
    """Write results of V2 in the form of V1, for jobs that were asked for in it; texts as texts."""
    sent = call.sent
    if sent is None or not sent.content:
        return
    known = await call.means.jobs.find(call.names["id"])
    if known is None or known.form == AS_IS:
        text = _text(sent.content)
        if text is not None:
            call.answer = ClassicAnswer.of_text(text)
        return
    if not _is_json(sent.content):
        call.answer = ClassicAnswer.of_text(sent.text)
        return
    form, raw, job_id = known.form, sent.content, known.job_id
    try:
        written = await anyio.to_thread.run_sync(lambda: in_form(form, raw, job_id=job_id))
    except (AttributeError, LookupError, TypeError, ValueError):  # of results that read well, and lack what V1 had
        call.note("results", f"have nothing to write in the form of the {form}; they are sent as they came")
    else:
        call.answer = ClassicAnswer.of_json(written)


def _text(content: bytes) -> str | None:
    """The text that a result is, whether it came bare or as JSON; None for all other results."""
    if content[:1] not in b"{[":
        try:
            value = json.loads(content)
        except ValueError:
            return content.decode(errors="replace")
        return value if isinstance(value, str) else None
    return None


def _is_json(content: bytes) -> bool:
    return content.lstrip()[:1] in (b"{", b"[")
