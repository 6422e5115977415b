"""Counts from the bytes of a sampler result: this client, json and Counter on the plain format, IBM's decoder."""

import base64
import io
import json
import random
import time
import tracemalloc
import zlib
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
from qiskit_ibm_runtime.utils.json import RuntimeDecoder
from rich.table import Table

from qiskit_runtime_rest.results import decode

from .measure import interleaved

OURS = "decode(...)[0].counts()"
HEX = "json.loads + Counter, hex form"
IBM = "RuntimeDecoder + get_counts()"
SHOTS = 1_000_000
CASES = {
    "2 bits": (2, 4, ()),
    "20 bits, 50 outcomes": (20, 50, ()),
    "20 bits, nearly all differ": (20, None, ()),
    "133 bits, 50 outcomes": (133, 50, ()),
    "133 bits, all differ": (133, None, ()),
    "sweep of 100 x 10^4, 5 bits": (5, 32, (100,)),
}


def payloads(bits: int, outcomes: int | None, shape: tuple[int, ...]) -> tuple[bytes, bytes]:
    """A result of a million shots in the wrapped format, and in the plain format."""
    draw = random.Random(5)
    width = (bits + 7) // 8
    known = [draw.getrandbits(bits) for _ in range(outcomes)] if outcomes else None
    values = [draw.choice(known) if known else draw.getrandbits(bits) for _ in range(SHOTS)]
    packed = np.frombuffer(b"".join(value.to_bytes(width, "big") for value in values), np.uint8)
    npy = io.BytesIO()
    np.save(npy, packed.reshape(*shape, -1, width))
    array = {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(npy.getvalue())).decode()}
    field = {"__type__": "BitArray", "__value__": {"array": array, "num_bits": bits}}
    data = {"__type__": "DataBin", "__value__": {"shape": list(shape), "fields": {"c": field}}}
    pub = {"__type__": "SamplerPubResult", "__value__": {"data": data, "metadata": {}}}
    wrapped = {"__type__": "PrimitiveResult", "__value__": {"pub_results": [pub], "metadata": {}}}
    plain = {"results": [{"data": {"c": {"samples": [hex(value) for value in values], "num_bits": bits}}}]}
    return json.dumps(wrapped).encode(), json.dumps(plain).encode()


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of `work`, which depend little on other processes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def peak_megabytes(work: Callable[[], object]) -> float:
    """The peak of memory in use by `work`, in MB."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def counts_here(wrapped: bytes) -> object:
    """Counts by this client."""
    return decode(wrapped, program_id="sampler")[0].counts()


def counts_of_texts(plain: bytes) -> object:
    """Counts by the standard library, from the plain format."""
    return Counter(json.loads(plain)["results"][0]["data"]["c"]["samples"])


def counts_by_ibm(wrapped: bytes) -> object:
    """Counts by IBM's decoder."""
    return json.loads(wrapped, cls=RuntimeDecoder)[0].data.c.get_counts()


def rows() -> Table:
    """Measure."""
    shown = Table(
        "a million shots",
        "hex / ours",
        "IBM / ours",
        "ours, ms",
        "hex, ms",
        "IBM, ms",
        "payload, MB",
        "ours peak, MB",
        box=None,
        header_style="bold",
    )
    for name, case in CASES.items():
        wrapped, plain = payloads(*case)
        work: dict[str, Callable[[], object]] = {
            OURS: partial(counts_here, wrapped),
            HEX: partial(counts_of_texts, plain),
            IBM: partial(counts_by_ibm, wrapped),
        }
        figures = interleaved({way: partial(timed, do) for way, do in work.items()}, rounds=3)
        ours, hexed, ibm = (sorted(figures[way])[1] for way in (OURS, HEX, IBM))
        shown.add_row(
            name,
            f"{hexed / ours:.1f}",
            f"{ibm / ours:.1f}",
            f"{ours * 1e3:.0f}",
            f"{hexed * 1e3:.0f}",
            f"{ibm * 1e3:.0f}",
            f"{len(wrapped) / 1e6:.1f}",
            f"{peak_megabytes(work[OURS]):.1f}",
        )
    return shown
