"""Check requests against the contract: cast parameters, add defaults, validate bodies."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from .errors import (
    JOB_TAGS_NOT_VALID,
    PAYLOAD_NOT_VALID,
    TAG_SEARCH_TOO_SHORT,
    TAG_TOO_LONG,
    TOO_MANY_TAGS,
    UNKNOWN_MODE,
    ServiceError,
)

if TYPE_CHECKING:
    from .contract import Contract, Operation, Parameter

__all__ = ["RequestCheck", "parse_json"]

_LONGEST_EXCERPT = 200
_MOST_DIGITS = 300
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 1000, 1000

# The service ignores these two if they are out of range.
_FALL_BACK_TO_DEFAULT = {("list_jobs", "limit"), ("list_jobs", "offset")}

# The contract's `oneOf` over all programs' parameters is ambiguous, so the program and `schema_version` decide on the
# schema. Clients send the parameters of noise-learner-v3 to `noise-learner`, too.
_LEARNER_V3: Mapping[str | None, str] = {f"v0.{minor}": f"NoiseLearnerV3V0{minor}ParamsModel" for minor in (1, 2, 3)}
_PARAMS_BY_PROGRAM: Mapping[str, Mapping[str | None, str]] = {
    "sampler": {None: "JobRunParamsSampler"},
    "estimator": {None: "JobRunParamsEstimator"},
    "noise-learner": {None: "JobRunParamsNoiseLearner", **_LEARNER_V3},
    "executor": {
        version: f"Executor{version.replace('.', '').upper()}ParamsModel"
        for version in ("v0.1", "v0.2", "v1.0", "v1.1", "v2.0")
    },
    "noise-learner-v3": _LEARNER_V3,
}


def parse_json(raw: bytes) -> Any:
    """Parse a JSON document whose numbers are all within the range of a float; raises `ValueError`."""
    try:
        return json.loads(raw, parse_constant=_not_json, parse_float=_finite, parse_int=_in_range)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


@frozen
class RequestCheck:
    """Checks requests against one contract."""

    contract: Contract
    _known: dict[tuple[str, str, tuple[str, ...]], Any] = field(factory=dict, init=False)
    """Parameters that were checked: most requests repeat those of others."""

    def parameters(self, operation: Operation, *, place: str, given: Mapping[str, list[str]]) -> dict[str, Any]:
        """Cast the parameters of one place (`query`, `path`, `header`) by their schemas, with defaults.

        Raises `ServiceError` for a missing or wrong one. Parameters outside the contract are ignored, because
        some clients send them.
        """
        values: dict[str, Any] = {}
        for parameter in operation.parameters:
            if parameter.place != place:
                continue
            raw = given.get(parameter.name) or []
            if raw:
                values[parameter.name] = self._checked(operation, parameter, raw)
            elif parameter.required:
                raise _refusal(f"The {place} parameter {parameter.name!r} is missing.")
            else:
                values[parameter.name] = parameter.schema.get("default")
        return values

    def body(self, operation: Operation, raw: bytes) -> Any:
        """Parse and check a JSON body; raises `ServiceError` that names the first problem."""
        if operation.body_pointer is None:
            return None
        if not raw.strip():
            if operation.body_required:
                raise _refusal("The request body is missing.")
            return None
        try:
            body = parse_json(raw)
        except ValueError as error:
            raise _refusal(f"The request body is not JSON: {_excerpt(str(error))}.") from None
        if isinstance(body, dict) and isinstance(body.get("log_level"), str):
            body["log_level"] = body["log_level"].lower()
        parts = _BODY_PARTS.get(operation.id, _whole_body)
        for pointer, at, part in parts(operation, body):
            self._validate(pointer, part, at=at)
        return body

    def _checked(self, operation: Operation, parameter: Parameter, raw: list[str]) -> Any:
        key = (operation.id, parameter.name, tuple(raw))
        if key not in self._known:
            value = self._parameter(operation, parameter, raw)
            if sum(map(len, raw)) > _LONGEST_REMEMBERED:
                return value
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = value
        return self._known[key]

    def _parameter(self, operation: Operation, parameter: Parameter, raw: list[str]) -> Any:
        try:
            value = _cast(parameter.schema, raw)
            error = next(self.contract.validator(parameter.pointer).iter_errors(value), None)
            problem = error and _excerpt(error.message)
        except ValueError as mismatch:
            problem = str(mismatch)
        if problem is None:
            return value
        if (operation.id, parameter.name) == ("list_tags", "search") and len(raw[-1]) < parameter.schema["minLength"]:
            raise ServiceError(TAG_SEARCH_TOO_SHORT)
        if (operation.id, parameter.name) in _FALL_BACK_TO_DEFAULT:
            return parameter.schema.get("default")
        raise _refusal(f"The {parameter.place} parameter {parameter.name!r} is wrong: {problem}.")

    def _validate(self, pointer: str, part: Any, *, at: str) -> None:
        try:
            error = next(self.contract.validator(pointer).iter_errors(part), None)
        except RecursionError:
            raise _refusal("The request body is nested too deeply.") from None
        if error is None:
            return
        if error.validator == "enum" and list(error.absolute_path) == ["mode"]:
            raise ServiceError(UNKNOWN_MODE)
        if pointer == _schema("JobRunParamsBase") and "tags" in error.absolute_path:
            raise ServiceError(JOB_TAGS_NOT_VALID)
        path = [at, *map(str, error.absolute_path)] if at else list(map(str, error.absolute_path))
        kind = _TAG_ERRORS.get(str(error.validator), PAYLOAD_NOT_VALID) if "tags" in path else PAYLOAD_NOT_VALID
        where = "/".join(path) or "the body"
        raise ServiceError(kind, f"{where}: {_reason(error)}.")


_TAG_ERRORS = {"maxItems": TOO_MANY_TAGS, "maxLength": TAG_TOO_LONG}

_Part = tuple[str, str, Any]


def _whole_body(operation: Operation, body: Any) -> Iterator[_Part]:
    yield operation.body_pointer or "#", "", body


def _job_parts(_: Operation, body: Any) -> Iterator[_Part]:
    yield _schema("JobRunParamsBase"), "", body
    optional = {"private": "Private", "remote_storage": "RemoteStorage", "params": "Params"}
    for name, schema in optional.items():
        if name in body:
            yield _schema(schema), name, body[name]
    params = body.get("params")
    if params is not None:
        schemas = _PARAMS_BY_PROGRAM.get(body["program_id"], {})
        version = params.get("schema_version")
        known = schemas.get(version if isinstance(version, str) and version in schemas else None)
        if known:
            yield _schema(known), "params", params


def _session_parts(_: Operation, body: Any) -> Iterator[_Part]:
    partner = isinstance(body, dict) and ("interactive_ttl" in body or "active_ttl" in body)
    variant = "CreateSessionRequestChannelPartner" if partner else "CreateSessionRequestCloud"
    yield _schema(variant), "", body


_BODY_PARTS: Mapping[str, Callable[[Operation, Any], Iterable[_Part]]] = {
    "create_job": _job_parts,
    "create_session": _session_parts,
}


def _refusal(detail: str) -> ServiceError:
    return ServiceError(PAYLOAD_NOT_VALID, detail)


def _schema(name: str) -> str:
    return f"#/components/schemas/{name}"


def _cast(schema: Mapping[str, Any], raw: list[str]) -> Any:
    kind = schema.get("type")
    if kind == "array":
        return [_cast(schema.get("items", {}), [text]) for text in raw]
    text = raw[-1]
    if kind == "integer":
        if not re.fullmatch(r"[+-]?\d{1,20}", text, re.ASCII):
            raise ValueError("expected an integer")
        return int(text)
    if kind == "number":
        value = float(text) if re.fullmatch(r"[-+0-9.eE]{1,40}", text, re.ASCII) else math.nan
        if not math.isfinite(value):
            raise ValueError("expected a number")
        return value
    if kind == "boolean":
        if text.lower() not in {"true", "false"}:
            raise ValueError("expected true or false")
        return text.lower() == "true"
    return text


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{_excerpt(text)} is out of range")
    return value


def _in_range(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"{_excerpt(text)} is out of range")
    return int(text)


def _reason(error: Any) -> str:
    if error.validator in {"oneOf", "anyOf", "allOf"} and error.context:
        return _excerpt("; or ".join(dict.fromkeys(_excerpt(inner.message) for inner in error.context)))
    return _excerpt(error.message)


def _excerpt(text: str) -> str:
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}…"
