"""What a job returned, decoded from its bytes: without Qiskit, and without numpy.

    result = decode(raw)
    result[0].counts()              # {"00": 510, "11": 514}
    result[0].data["c"].ints()
    result[0].evs, result[0].stds

One module a kind of content: `sampler`, `estimator`, `executor`, `noise`, `classic` hold the items; `bits`, `arrays`,
`tensors`, `npy`, `spans`, `wrapped` the values in them; `forms` is the table of the forms that are recognised. Large
results are read through `hollow`, kept on disk by `files`, and decoded elsewhere by `decoding`.
"""

from .arrays import Array
from .bits import Bits
from .classic import QuasiDistribution
from .decoding import decode_on
from .estimator import EstimatorPub
from .executor import ChunkSpan, ExecutorItem
from .files import load_result
from .items import ItemLacks, ResultItem
from .noise import LayerNoise, LearnedNoise, PauliLindbladError
from .result import Result, decode
from .sampler import SamplerPub
from .spans import ExecutionSpan, ExecutionSpans, SpanPart
from .wrapped import Encoded

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
