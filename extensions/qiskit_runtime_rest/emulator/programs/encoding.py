"""Values and results as JSON: the plain form of the REST API, and the form of qiskit's client."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from attrs import frozen
from qiskit.primitives.containers import BitArray, DataBin, PrimitiveResult, PubResult

# Circuits stay encoded, for `circuits.read`.
_CIRCUIT = "QuantumCircuit"
MOST_BYTES = 256 * 2**20
"""The limit of one packed value, unpacked: a short text can stand for any number of zeros."""


@frozen(kw_only=True)
class ExecutionSpan:
    """When the executions ran, in UTC. The sampler adds it to its result.

    `shapes` has the shape of each pub's parameter values, followed by the shots. With `pub_shots`, the shots that each
    pub has in the result, the first axis are the randomizations of twirled circuits.
    """

    start: datetime
    stop: datetime
    shapes: Sequence[tuple[int, ...]]
    pub_shots: Sequence[int] | None = None


def unpacked(text: str) -> bytes:
    """The bytes that qiskit's client packed with zlib and base64.

    Raises:
        ValueError: they are not packed so, or more than `MOST_BYTES`.
    """
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(base64.b64decode(text), MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not stream.eof:
        raise ValueError("it is cut off" if len(content) < MOST_BYTES else f"it has more than {MOST_BYTES} bytes")
    return content


def decoded(value: Any) -> Any:
    """A JSON value without the wrappers of qiskit's client (ndarray, ...); encoded circuits stay.

    Raises:
        ValueError: a packed array cannot be unpacked.
    """
    if isinstance(value, list):
        return [decoded(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    entries = {key: decoded(entry) for key, entry in value.items()}
    if "__type__" not in entries or entries["__type__"] == _CIRCUIT:
        return entries
    if entries["__type__"] == "ndarray" and isinstance(entries.get("__value__"), str):
        unpacked(entries["__value__"])
    # The import takes a second; plain requests do not need it.
    from qiskit_ibm_runtime import RuntimeDecoder

    return RuntimeDecoder().object_hook(entries)


def encoded(
    results: Sequence[PubResult], *, metadata: Mapping[str, Any], support_qiskit: bool, span: ExecutionSpan | None
) -> str:
    """The JSON text of a primitive's result.

    Args:
        results: one for each pub.
        metadata: the metadata of the job.
        support_qiskit: whether qiskit's client must be able to read it (`__type__` wrappers), as in the job.
        span: added to the metadata, if any.
    """
    if support_qiskit:
        execution = {} if span is None else {"execution": {"execution_spans": _qiskit_spans(span)}}
        return wrapped(PrimitiveResult(results, {**execution, **metadata}))
    execution = {} if span is None else {"execution": {"execution_spans": [_plain_span(span)]}}
    content = {"results": [_plain_pub(pub) for pub in results], "metadata": {**execution, **metadata}}
    return json.dumps(content, default=_by_client)


def _by_client(value: Any) -> Any:
    """Metadata that have no plain form, in that of qiskit's client; the noise learner answers so, too."""
    from qiskit_ibm_runtime import RuntimeEncoder

    return RuntimeEncoder().default(value)


def wrapped(value: Any) -> str:
    """The JSON text of a value in the form of qiskit's client, as the service writes it."""
    from qiskit_ibm_runtime import RuntimeEncoder

    class Encoder(RuntimeEncoder):  # type: ignore[misc]
        def default(self, obj: Any) -> Any:
            found = super().default(obj)
            if isinstance(obj, DataBin):
                # The encoder of the client leaves them out.
                found["__value__"]["field_types"] = [str(type(field)) for field in obj.values()]
            return found

    return json.dumps(value, cls=Encoder)


def _plain_pub(pub: PubResult) -> dict[str, Any]:
    return {"data": {name: _plain_field(value) for name, value in pub.data.items()}, "metadata": pub.metadata}


def _plain_field(value: Any) -> Any:
    if isinstance(value, BitArray):
        return {"samples": _samples(value), "num_bits": value.num_bits}
    return np.asarray(value).tolist()


def _samples(bits: BitArray) -> list[Any]:
    """One hexadecimal text for each shot, nested like the parameter sets if there are several.

    The nesting is a guess: the published examples have one set only.
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
    return {"date": _without_zone(moment).isoformat()}


def _without_zone(moment: datetime) -> datetime:
    """The moment as the service writes it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _qiskit_spans(span: ExecutionSpan) -> Any:
    from qiskit_ibm_runtime.execution_span import DoubleSliceSpan, ExecutionSpans, TwirledSliceSpanV2

    start, stop = _without_zone(span.start), _without_zone(span.stop)
    each = [(shape, slice(0, int(np.prod(shape[:-1]))), slice(0, shape[-1])) for shape in span.shapes]
    if span.pub_shots is None:
        return ExecutionSpans([DoubleSliceSpan(start, stop, dict(enumerate(each)))])
    twirled = [
        (shape, True, elements, shots, in_pub)
        for (shape, elements, shots), in_pub in zip(each, span.pub_shots, strict=True)
    ]
    return ExecutionSpans([TwirledSliceSpanV2(start, stop, dict(enumerate(twirled)))])
