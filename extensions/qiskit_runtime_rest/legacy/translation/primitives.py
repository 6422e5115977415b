"""Transformations of V1 primitives and circuit runners into V2 primitives, and of their results back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

import anyio.to_thread

from ...errors import RuntimeRestError
from ..messages import INVALID_INPUT, ClassicError, ClassicResponse
from ..primitives.circuits import Prepared
from ..primitives.options import ESTIMATOR
from ..primitives.params import PROGRAMS, ClassicParams, read
from ..primitives.results import AS_IS, RUNNERS, RanJob, in_form
from ..primitives.transpiling import Work, transpiled
from .call import ClassicCall
from .old_decoders import for_old_decoder

__all__ = ["primitive_v1", "primitive_v2"]

VERSION = 2


async def primitive_v2(call: ClassicCall) -> None:
    """Turn circuits into pubs in the backend's gates. Params that have pubs already stay."""
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
    classic = read(body["program_id"], params, note=call.note)
    skip = bool(classic.chosen.transpile.get("skip"))
    configuration = None if skip else await _configuration(call, body["backend"])
    pubs = await transpiled(Work(runs=classic.runs, configuration=configuration, transpile=classic.chosen.transpile))
    if configuration is not None:
        call.note("params.circuits", "circuits in other gates than the backend's are transpiled before they are sent")
    body["program_id"] = program.now
    body["params"] = _params(program.now, pubs, classic)
    call.kept["form"] = classic.form


def _without_transpilation(call: ClassicCall, params: Mapping[str, Any]) -> None:
    for where, name in ((params, "params"), (params.get("options"), "params.options")):
        if isinstance(where, dict) and "transpilation" in where:
            del where["transpilation"]
            call.note(f"{name}.transpilation", "ignored: pubs hold circuits in the backend's gates")


async def _configuration(call: ClassicCall, backend: str) -> dict[str, Any]:
    configuration = await call.send("GET /v1/backends/{name}/configuration", names={"name": backend})
    found = configuration.json()
    if not isinstance(found, dict):
        raise ClassicError(INVALID_INPUT, f"backend: {backend!r} has no configuration.")
    return found


def _params(program: str, prepared: list[Prepared], classic: ClassicParams) -> dict[str, Any]:
    params: dict[str, Any] = {**classic.chosen.params, "version": VERSION, "support_qiskit": False}
    if program == ESTIMATOR:
        options = params.setdefault("options", {})
        options["default_shots"] = classic.shots
        params["pubs"] = [[one.text, _real(one.observable or {})] for one in prepared]
    else:
        params["pubs"] = [[one.text] for one in prepared]
        params["shots"] = classic.shots
    return params


def _real(observable: Mapping[str, complex]) -> dict[str, float]:
    return {label: coefficient.real for label, coefficient in observable.items()}


async def primitive_v1(call: ClassicCall) -> None:
    """Write results in the form of V1 for jobs that were submitted in it, and texts as plain text."""
    sent = call.v1_response
    if sent is None or not sent.content:
        return
    known = await call.resources.jobs.find(call.names["id"])
    if known is None or known.form == AS_IS:
        text = _text(sent.content)
        if text is not None:
            call.response = ClassicResponse.of_text(text)
        elif (changed := for_old_decoder(sent.content, call.request.headers)) is not None:
            call.response = ClassicResponse.of_json(changed)
        return
    if not _is_json(sent.content):
        call.response = ClassicResponse.of_text(sent.text)
        return
    form, raw = known.form, sent.content
    job = await _ran_job(call, known.job_id) if form in RUNNERS else RanJob(job_id=known.job_id)
    try:
        written = await anyio.to_thread.run_sync(lambda: in_form(form, raw, job=job))
    except (AttributeError, LookupError, TypeError, ValueError):  # valid results without the values of V1
        call.note("results", f"lack the values of the form of the {form}; they are sent unchanged")
    else:
        call.response = ClassicResponse.of_json(written)


async def _ran_job(call: ClassicCall, job_id: str) -> RanJob:
    """Ask the service where the job ran. The results are sent without what it does not say (of a retired backend)."""
    name, configuration = "", {}
    with contextlib.suppress(RuntimeRestError, ClassicError, LookupError, TypeError, ValueError):
        found = await call.send("GET /v1/jobs/{id}", names={"id": job_id})
        name = str(found.json()["backend"])
        configuration = await _configuration(call, name)
    return RanJob(
        job_id=job_id,
        backend_name=name,
        backend_version=str(configuration.get("backend_version") or ""),
        num_qubits=configuration.get("n_qubits"),
    )


def _text(content: bytes) -> str | None:
    """The text of a result that is a bare text or a JSON string; None for other results."""
    if content[:1] not in b"{[":
        try:
            value = json.loads(content)
        except ValueError:
            return content.decode(errors="replace")
        return value if isinstance(value, str) else None
    return None


def _is_json(content: bytes) -> bool:
    return content.lstrip()[:1] in (b"{", b"[")
