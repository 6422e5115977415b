"""Results as the service writes them, made with numpy and with IBM's encoder."""

from __future__ import annotations

import base64
import io
import json
import zlib
from typing import Any

import numpy as np
from ibm_quantum_schemas.common import (  # type: ignore[import-untyped]
    CompressedTensorModel,
    F64TensorModel,
    TensorModel,
)
from qiskit_ibm_runtime import RuntimeEncoder

__all__ = [
    "CompressedTensorModel",
    "F64TensorModel",
    "TensorModel",
    "encoded",
    "npy_file",
    "packed",
    "table_of",
    "wrapped_pubs",
]


def encoded(document: Any) -> bytes:
    """The document by IBM's encoder."""
    return json.dumps(document, cls=RuntimeEncoder).encode()


def npy_file(array: Any, version: tuple[int, int] | None = None) -> bytes:
    """The array in numpy's file format."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version, allow_pickle=False)
    return buffer.getvalue()


def packed(array: Any) -> dict[str, str]:
    """The array in a wrapper of type `ndarray`."""
    return {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(npy_file(array))).decode()}


def wrapped_pubs(*fields: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """A wrapped sampler result with one pub of shape () for each dict of fields."""
    pubs = [
        {
            "__type__": "SamplerPubResult",
            "__value__": {"data": {"__type__": "DataBin", "__value__": {"shape": [], "fields": part}}},
        }
        for part in fields
    ]
    return {"__type__": "PrimitiveResult", "__value__": {"pub_results": pubs, "metadata": metadata or {}}}


def table_of(shown: Any) -> str:
    """The HTML table of a result, an item or a value."""
    return str(shown._repr_html_())
