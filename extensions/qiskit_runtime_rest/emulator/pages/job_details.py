"""What the page shows of one job: its params, circuits, log, and what to draw of its result. It changes nothing."""

from __future__ import annotations

import base64
import io
import json
import math
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError

if TYPE_CHECKING:
    from ..service import Service
    from ..state.job import Job

__all__ = ["job_details"]

MOST_TEXT = 64 * 1024
MOST_RESULT = 16 * 1024 * 1024
"""Characters of a result that is still read to draw it."""
MOST_CIRCUITS = 4
MOST_BARS = 16
MOST_POINTS = 40


def job_details(service: Service, job: Job) -> dict[str, Any]:
    """The details of a job as a JSON object. Reading QPY and large results takes a moment: call it in a thread."""
    params = service.jobs.params(job)
    try:
        log = service.jobs.logs(job)
    except ServiceError:
        log = ""
    return {
        "solution": job.reason_solution,
        "limit_seconds": job.cost,
        "params": None if params is None else _cut(json.dumps(params, indent=2)),
        "circuits": list(_circuits(params)),
        "log": _cut(log),
        "pictures": list(_pictures(service.jobs.shown_result(job))),
    }


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n... {len(text) - MOST_TEXT} characters more"


def _circuits(params: Any) -> Iterator[dict[str, str]]:
    pubs = params.get("pubs") if isinstance(params, dict) else None
    pubs = pubs if isinstance(pubs, list) else []
    for number, pub in enumerate(pubs[:MOST_CIRCUITS]):
        given = pub[0] if isinstance(pub, list) and pub else pub
        title = f"circuit {number + 1} of {len(pubs)}"
        if isinstance(given, str):
            yield {"title": f"{title}, OpenQASM", "text": _cut(given)}
        elif isinstance(given, dict) and given.get("__type__") == "QuantumCircuit":
            yield {"title": f"{title}, QPY", "text": _cut(_drawn(given))}


def _drawn(given: dict[str, Any]) -> str:
    from ..programs.circuits import drawn

    return drawn(given)


def _pictures(text: str | None) -> Iterator[dict[str, Any]]:
    """What to draw of each item of a result: bars of counts, or values with their errors."""
    if text is None or len(text) > MOST_RESULT:
        return
    for number, data in enumerate(_data_of(text)[:MOST_CIRCUITS]):
        title = f"pub {number + 1}"
        if "evs" in data:
            values = list(_flat(data["evs"]))
            errors = list(_flat(data["stds"])) if "stds" in data else [0.0] * len(values)
            shown = [[value, error] for value, error in zip(values, errors, strict=False)][:MOST_POINTS]
            yield {"kind": "values", "title": f"{title}: {len(values)} expectation values", "points": shown}
            continue
        for register, (counts, points) in data.items():
            total = counts.total()
            measured = f"{points} points of {total // points} shots" if points > 1 else f"{total} shots"
            bars = counts.most_common(MOST_BARS)
            rest = total - sum(count for _, count in bars)
            yield {
                "kind": "counts",
                "title": f"{title}, {register}: {measured}, {len(counts)} outcomes",
                "bars": [*bars, *([("others", rest)] if rest else [])],
                "total": total,
            }


def _data_of(text: str) -> list[dict[str, Any]]:
    """For each pub: `evs` and `stds`, or the counts of each register and the points of its sweep.

    [] for a result of another kind.
    """
    try:
        result = json.loads(text)
        if isinstance(result, dict) and isinstance(result.get("results"), list):
            return [_plain(item["data"]) for item in result["results"]]
        return [_wrapped(item["data"]["fields"]) for item in _unwrapped(result)["pub_results"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (
            Counter(f"{int(sample, 16):0{part['num_bits']}b}" for sample in _flat(part["samples"])),
            _points(part["samples"]),
        )
        if isinstance(part, dict)
        else part
        for name, part in data.items()
    }


def _points(samples: Any) -> int:
    """The number of lists of samples: one for each point of a sweep."""
    return sum(map(_points, samples)) if samples and isinstance(samples[0], list) else 1


def _wrapped(fields: dict[str, Any]) -> dict[str, Any]:
    """As `_plain`, of the form of qiskit's client."""
    return {
        name: (
            Counter(f"{int.from_bytes(row):0{part['num_bits']}b}" for row in _rows(part["array"])),
            math.prod(part["array"].shape[:-2]),
        )
        if isinstance(part, dict)
        else part.tolist()
        for name, part in fields.items()
    }


def _rows(array: Any) -> Iterator[bytes]:
    size = array.shape[-1]
    content = array.tobytes()
    return (content[at : at + size] for at in range(0, len(content), size))


def _unwrapped(value: Any) -> Any:
    """The values in the wrappers of qiskit's client. Qiskit itself takes seconds to import, so this does without."""
    if isinstance(value, list):
        return [_unwrapped(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("__type__") == "ndarray":
        import numpy as np

        packed = zlib.decompressobj().decompress(base64.b64decode(value["__value__"]), MOST_RESULT)
        return np.load(io.BytesIO(packed), allow_pickle=False)
    inner = value["__value__"] if "__type__" in value else value
    return {name: _unwrapped(part) for name, part in inner.items()} if isinstance(inner, dict) else inner


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for part in value:
            yield from _flat(part)
    elif value is not None:
        yield value
