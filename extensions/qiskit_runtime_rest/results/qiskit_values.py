"""Decoded values as the objects of Qiskit and qiskit-ibm-runtime: the only module that imports them, when called."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra
from .arrays import Array
from .bits import Bits
from .spans import ExecutionSpans

if TYPE_CHECKING:
    from types import ModuleType

    from .classic import QuasiDistribution
    from .estimator import EstimatorPub
    from .noise import LayerNoise, LearnedNoise
    from .result import Result
    from .sampler import SamplerPub
    from .spans import ExecutionSpan, SpanPart
    from .wrapped import Encoded

__all__ = [
    "bit_array",
    "build_encoded",
    "layer_error",
    "pauli_lindblad_map",
    "pub_result",
    "quasi_distribution",
    "sampler_pub_result",
    "whole_result",
]


def bit_array(bits: Bits) -> Any:
    """`qiskit.primitives.containers.BitArray`."""
    return _module("qiskit.primitives.containers").BitArray(bits.to_numpy(), bits.num_bits)


def sampler_pub_result(pub: SamplerPub) -> Any:
    """`qiskit.primitives.containers.SamplerPubResult`."""
    containers = _module("qiskit.primitives.containers")
    data = containers.DataBin(shape=pub.shape, **{name: _converted(part) for name, part in pub.data.items()})
    return containers.SamplerPubResult(data, metadata=_converted(pub.metadata))


def pub_result(pub: EstimatorPub) -> Any:
    """`qiskit.primitives.containers.PubResult`."""
    containers = _module("qiskit.primitives.containers")
    data = containers.DataBin(shape=pub.shape, **{name: _converted(part) for name, part in pub.data.items()})
    return containers.PubResult(data, metadata=_converted(pub.metadata))


def quasi_distribution(item: QuasiDistribution) -> Any:
    """`qiskit.result.QuasiDistribution`."""
    return _module("qiskit.result").QuasiDistribution(dict(item.quasi_dist), shots=item.metadata.get("shots"))


def pauli_lindblad_map(item: LearnedNoise) -> Any:
    """`qiskit.quantum_info.PauliLindbladMap`, terms that share a rate written out."""
    terms = [
        (letters, list(qubits), rate)
        for generator, rate in zip(item.generators, item.rates, strict=True)
        for letters, qubits in generator
    ]
    return _module("qiskit.quantum_info").PauliLindbladMap.from_sparse_list(terms, num_qubits=item.num_qubits)


def layer_error(item: LayerNoise) -> Any:
    """`qiskit_ibm_runtime.results.noise_learner.LayerError`."""
    learner = _module("qiskit_ibm_runtime.results.noise_learner")
    error = None
    if item.error is not None:
        generators = _module("qiskit.quantum_info").PauliList(list(item.error.generators))
        error = learner.PauliLindbladError(generators, list(item.error.rates))
    return learner.LayerError(item.circuit.to_qiskit(), list(item.qubits), error)


def build_encoded(encoded: Encoded) -> Any:
    """The object that an `Encoded` holds, by qiskit-ibm-runtime's decoder."""
    decoder = _module("qiskit_ibm_runtime").RuntimeDecoder
    wrapper = {"__type__": encoded.kind, "__value__": encoded.value}
    if encoded.module is not None:
        raise TypeError(f"a serialised {encoded.kind} is not rebuilt: read its `value`")
    return json.loads(json.dumps(wrapper), cls=decoder)


def whole_result(result: Result, *, decoder: str | None) -> Any:
    """What qiskit-ibm-runtime's `job.result()` gives; `decoder` names the program whose decoders read these bytes.

    Raises:
        TypeError: nothing in Qiskit stands for this kind.
    """
    if decoder is not None:
        return _by_runtime(result.raw, program=decoder)
    if result.kind == "quasi-distributions":
        items = [item.to_qiskit() for item in result]
        return _module("qiskit.primitives").SamplerResult(items, metadata=[dict(item.metadata) for item in result])
    if result.kind == "values":
        values = Array.of([item.evs for item in result], dtype="float64").to_numpy()
        return _module("qiskit.primitives").EstimatorResult(values, metadata=[dict(item.metadata) for item in result])
    if result.kind in ("sampler", "estimator"):
        pubs = [item.to_qiskit() for item in result]
        return _module("qiskit.primitives.containers").PrimitiveResult(pubs, metadata=_converted(result.metadata))
    raise TypeError(f"Qiskit has no class for a result of kind {result.kind!r}: read .value or .text")


def _by_runtime(raw: bytes, *, program: str) -> Any:
    decoded: Any = raw.decode("utf-8-sig")
    for decoder in _module("qiskit_ibm_runtime.decoders.defaults").DEFAULT_DECODERS[program]:
        if decoder.is_applicable(decoded):
            decoded = decoder.decode(decoded)
    return decoded


def _converted(value: Any) -> Any:
    if isinstance(value, Bits):
        return bit_array(value)
    if isinstance(value, Array):
        return value.to_numpy().copy()
    if isinstance(value, dict):
        return {name: _converted(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_converted(part) for part in value]
    if isinstance(value, ExecutionSpans):
        return _module("qiskit_ibm_runtime.execution_span").ExecutionSpans(map(_span, value))
    return value


def _span(span: ExecutionSpan) -> Any:
    name = "SliceSpan" if span.kind == "ExecutionSpan" else span.kind
    build = getattr(_module("qiskit_ibm_runtime.execution_span"), name)
    return build(span.start, span.stop, {pub: _slices(part) for pub, part in span.parts.items()})


def _slices(part: SpanPart) -> tuple[Any, ...]:
    elements, shots = slice(*part.elements), slice(*part.shots)
    if part.flat:
        return part.shape, elements
    if part.twirl_in_front is None:
        return part.shape, elements, shots
    cut = () if part.pub_shots is None else (part.pub_shots,)
    return (part.shape, part.twirl_in_front, elements, shots, *cut)


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing = name.partition(".")[0]
        raise MissingExtra("to_qiskit()", extra="qiskit", module=missing) from error
