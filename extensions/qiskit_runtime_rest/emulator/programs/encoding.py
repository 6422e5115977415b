"""Values and results as JSON: the plain form of the REST interface, and the form of qiskit's own client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from attrs import frozen
from qiskit.primitives.containers import BitArray, PrimitiveResult, PubResult

# Circuits stay encoded: their reader takes them so.
_CIRCUIT = "QuantumCircuit"


@frozen(kw_only=True)
class ExecutionSpan:
    """When the executions ran, in UTC: a sampler reports it with its result.

    `shapes` has for each pub the shape of its parameter values, followed by the shots.
    """

    start: datetime
    stop: datetime
    shapes: Sequence[tuple[int, ...]]


def decoded(value: Any) -> Any:
    """A JSON value with the wrappers of qiskit's client (ndarray, ...) opened; encoded circuits stay."""
    if isinstance(value, list):
        return [decoded(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    entries = {key: decoded(entry) for key, entry in value.items()}
    if "__type__" not in entries or entries["__type__"] == _CIRCUIT:
        return entries
    # Takes a second to import, which plain requests need not wait for.
    from qiskit_ibm_runtime import RuntimeDecoder

    return RuntimeDecoder().object_hook(entries)


def encoded(
    results: Sequence[PubResult], *, metadata: Mapping[str, Any], support_qiskit: bool, span: ExecutionSpan | None
) -> str:
    """The body of a primitive's result.

    Args:
        results: one for each pub.
        metadata: what is said of the job as a whole.
        support_qiskit: whether qiskit's client shall read it (`__type__` wrappers), as the job asked.
        span: added to the metadata, if any.
    """
    if support_qiskit:
        from qiskit_ibm_runtime import RuntimeEncoder

        execution = {} if span is None else {"execution": {"execution_spans": _qiskit_spans(span)}}
        return json.dumps(PrimitiveResult(results, {**execution, **metadata}), cls=RuntimeEncoder)
    execution = {} if span is None else {"execution": {"execution_spans": [_plain_span(span)]}}
    content = {"results": [_plain_pub(pub) for pub in results], "metadata": {**execution, **metadata}}
    return json.dumps(content, default=str)


def _plain_pub(pub: PubResult) -> dict[str, Any]:
    return {"data": {name: _plain_field(value) for name, value in pub.data.items()}, "metadata": pub.metadata}


def _plain_field(value: Any) -> Any:
    if isinstance(value, BitArray):
        return {"samples": _samples(value), "num_bits": value.num_bits}
    return np.asarray(value).tolist()


def _samples(bits: BitArray) -> list[Any]:
    """One hexadecimal text for each shot; nested as the parameter values are, where there are several.

    What the service does with several is a guess: the published examples have one.
    """
    size = bits.array.shape[-1]
    if size <= 8:
        padded = np.zeros((*bits.array.shape[:-1], 8), dtype=np.uint8)
        padded[..., 8 - size :] = bits.array
        flat = padded.view(">u8").ravel().tolist()
    else:
        flat = [int.from_bytes(shot.tobytes()) for shot in bits.array.reshape(-1, size)]
    nested: list[Any] = np.array([hex(value) for value in flat], dtype=object).reshape(bits.array.shape[:-1]).tolist()
    return nested


def _plain_span(span: ExecutionSpan) -> list[Any]:
    slices = {
        str(pub): [list(shape), [0, int(np.prod(shape[:-1]))], [0, shape[-1]]] for pub, shape in enumerate(span.shapes)
    }
    return [_plain_date(span.start), _plain_date(span.stop), slices]


def _plain_date(moment: datetime) -> dict[str, str]:
    return {"date": moment.replace(tzinfo=None).isoformat()}


def _qiskit_spans(span: ExecutionSpan) -> Any:
    from qiskit_ibm_runtime.execution_span import DoubleSliceSpan, ExecutionSpans

    slices = {
        pub: (shape, slice(0, int(np.prod(shape[:-1]))), slice(0, shape[-1])) for pub, shape in enumerate(span.shapes)
    }
    return ExecutionSpans([DoubleSliceSpan(span.start, span.stop, slices)])
