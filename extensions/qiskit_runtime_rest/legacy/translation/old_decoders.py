"""Results of the V2 primitives as qiskit-ibm-runtime 0.21 to 0.23 decodes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["CLIENT_HEADER", "for_old_decoder"]

CLIENT_HEADER = "x-qx-client-application"
OLD = re.compile(r"qiskit_ibm_runtime-0\.2[123]\b")
BIT_ARRAY = "<class 'qiskit.primitives.containers.bit_array.BitArray'>"
OTHER = "<class 'numpy.ndarray'>"


def for_old_decoder(content: bytes, headers: Mapping[str, str]) -> Any:
    """The decoded results for a client of these versions, changed; None for other clients, and if nothing is wrapped.

    They need the member `field_types` of a `DataBin`, and do not know `SamplerPubResult`.
    """
    if not OLD.search(headers.get(CLIENT_HEADER, "")) or b'"__type__"' not in content:
        return None
    return json.loads(content, object_hook=_changed)


def _changed(value: dict[str, Any]) -> dict[str, Any]:
    inside = value.get("__value__")
    match value.get("__type__"):
        case "SamplerPubResult":
            return value | {"__type__": "PubResult"}
        case "DataBin" if isinstance(inside, dict):
            fields = inside.get("fields", {})
            types = [BIT_ARRAY if _is_bit_array(fields.get(name)) else OTHER for name in inside.get("field_names", ())]
            return value | {"__value__": {"field_types": types, **inside}}
    return value


def _is_bit_array(field: Any) -> bool:
    return isinstance(field, dict) and field.get("__type__") == "BitArray"
