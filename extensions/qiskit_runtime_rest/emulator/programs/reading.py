"""Reading the params of programs that qiskit-ibm-runtime has models for, one for each `schema_version`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from .outcome import JobFailedError, Kind


def model(converters: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
    """The params as the model of their version.

    Raises:
        JobFailedError: the version is unknown, or its model refuses the params.
    """
    version = params.get("schema_version")
    if not isinstance(version, str) or version not in converters:
        known = ", ".join(converters)
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"schema_version must be one of {known}, got {version!r}.")
    try:
        return converters[version].model.model_validate(dict(params))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"{place}: {first['msg']}") from error
    # Models decode circuits and tensors, and pass on all errors of their parsers.
    except Exception as error:
        raise _unreadable(error) from error


def decoded(converters: Mapping[str, Any], read: Any) -> tuple[Any, Any]:
    """What a model describes, and the options in it.

    Raises:
        JobFailedError: a circuit or a number in it cannot be decoded.
    """
    try:
        found: tuple[Any, Any] = converters[read.schema_version].decoder(read)
    # The decoders of circuits, samplexes and tensors pass on all errors of their parsers.
    except Exception as error:
        raise _unreadable(error) from error
    return found


def _unreadable(error: Exception) -> JobFailedError:
    return JobFailedError(Kind.INVALID_INPUT, detail=f"the params cannot be read: {error}")
