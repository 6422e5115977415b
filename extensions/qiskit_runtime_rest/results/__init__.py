"""Decode results of jobs from their bytes, without Qiskit and without numpy.

    result = decode(raw)
    result[0].counts()              # {"00": 510, "11": 514}
    result[0].data["c"].ints()
    result[0].evs, result[0].stds

From bytes to typed items: `result` parses the document (a large one with `large_documents`), `formats` recognises its
format, and `primitives`, `executor` and `noise_learner` read its items. Their values come from `wrapped_values`,
`packed_arrays` and `execution_spans`, and are `arrays` and `bits`; `bits` keeps its outcomes in `shots` and counts them
with `counting`. `files` keeps results on disk.
"""

from .arrays import Array
from .bits import Bits
from .execution_spans import ExecutionSpan, ExecutionSpans, SpanPart
from .executor import ChunkSpan, ExecutorItem
from .files import load_result
from .noise_learner import LayerNoise, LearnedNoise, PauliLindbladError
from .primitives import EstimatorPub, QuasiDistribution, SamplerPub
from .result import Result, decode, decode_on
from .result_item import ItemLacks, ResultItem
from .wrapped_values import Encoded

__all__ = [
    "Array",
    "Bits",
    "ChunkSpan",
    "Encoded",
    "EstimatorPub",
    "ExecutionSpan",
    "ExecutionSpans",
    "ExecutorItem",
    "ItemLacks",
    "LayerNoise",
    "LearnedNoise",
    "PauliLindbladError",
    "QuasiDistribution",
    "Result",
    "ResultItem",
    "SamplerPub",
    "SpanPart",
    "decode",
    "decode_on",
    "load_result",
]
