"""A request that was sent, read by the contract, with its violations."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import httpx
from attrs import frozen

from .operations import Operation
from .schemas import Schema

WRITTEN: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "integer": (r"-?\d+", int),
    "number": (r"-?\d+(\.\d+)?([eE][+-]?\d+)?", float),
    "boolean": ("true|false", "true".__eq__),
    "string": (r"(?s).*", str),
}
"""How values of each type are written in a path, a query or a header."""

# The schemas of params, by program and version; the contract's union over all params does not distinguish them.
PARAMS = {
    "sampler": {"": "JobRunParamsSampler"},
    "estimator": {"": "JobRunParamsEstimator"},
    "noise-learner": {"": "JobRunParamsNoiseLearner"},
    "executor": {
        "v0.1": "ExecutorV01ParamsModel",
        "v0.2": "ExecutorV02ParamsModel",
        "v1.0": "ExecutorV10ParamsModel",
        "v1.1": "ExecutorV11ParamsModel",
        "v2.0": "ExecutorV20ParamsModel",
    },
    "noise-learner-v3": {
        "v0.1": "NoiseLearnerV3V01ParamsModel",
        "v0.2": "NoiseLearnerV3V02ParamsModel",
        "v0.3": "NoiseLearnerV3V03ParamsModel",
    },
}


@frozen
class Sent:
    """One request to one operation; `given` has the values of its parameters by their names."""

    operation: Operation
    request: httpx.Request
    given: Mapping[str, Any]
    body: Any
    problems: tuple[str, ...]

    @classmethod
    def read(cls, request: httpx.Request, operation: Operation) -> Sent:
        """Read a request to `operation`."""
        problems: list[str] = []
        given = dict(_parameters(request, operation, problems))
        body = _body(request, operation, problems)
        return cls(operation, request, given, body, tuple(problems))


def route(path: str) -> re.Pattern[str]:
    """A pattern for a path of the contract in a URL; `{id}` is one segment, percent-encoded if necessary."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/?#]+)", re.escape(path)))


def _parameters(request: httpx.Request, operation: Operation, problems: list[str]) -> Iterator[tuple[str, Any]]:
    steps = route(operation.path).search(request.url.raw_path.decode("ascii").partition("?")[0])
    raw: dict[str, dict[str, list[str]]] = {
        "path": {name: [unquote(text)] for name, text in (steps.groupdict() if steps else {}).items()},
        "query": defaultdict(list),
        "header": {},
    }
    for name, text in request.url.params.multi_items():
        raw["query"][name].append(text)
    for parameter in operation.parameters:
        name, place = parameter["name"], parameter["in"]
        texts = request.headers.get_list(name) if place == "header" else raw[place].pop(name, [])
        schema = operation.schemas.resolved(parameter["schema"])
        if not texts:
            if parameter.get("required") and place != "header":
                problems.append(f"{place} parameter {name} is missing")
            continue
        try:
            value = _value(schema, texts)
        except ValueError as error:
            problems.append(f"{place} parameter {name}: {error}")
            continue
        problems += [f"{place} parameter {name}: {said}" for said in operation.schemas.problems(schema, value)]
        yield name, value
    problems += [
        f"{place} parameter {name} is not in the contract" for place in ("path", "query") for name in raw[place]
    ]
    versions = request.headers.get_list("IBM-API-Version")
    if versions != [operation.version]:
        problems.append(f"IBM-API-Version is {versions}, not {operation.version}")
    problems += [
        f"header {name} is missing" for name in ("Authorization", "Service-CRN") if name not in request.headers
    ]


def _value(schema: Schema, texts: list[str]) -> Any:
    if schema.get("type") == "array":
        return [_value(schema["items"], [text]) for text in texts]
    if len(texts) > 1:
        raise ValueError(f"given {len(texts)} times")
    pattern, read = WRITTEN[schema["type"]]
    if not re.fullmatch(pattern, texts[0]):
        raise ValueError(f"{texts[0]!r} is not of type {schema['type']}")
    return read(texts[0])


def _body(request: httpx.Request, operation: Operation, problems: list[str]) -> Any:
    if operation.body is None:
        if request.content:
            problems.append("has a body; expected none")
        return None
    if request.headers.get("Content-Type") != "application/json":
        problems.append(f"the body is {request.headers.get('Content-Type')}, not application/json")
    try:
        body = json.loads(request.content)
    except ValueError as error:
        problems.append(f"the body is not JSON: {error}")
        return None
    # As the contract says, some bodies fit two forms of a union.
    problems += operation.schemas.problems(operation.body, body, tolerant=True)
    if operation.id == "create_job":
        problems += _params_problems(operation, body)
    return body


def _params_problems(operation: Operation, body: Mapping[str, Any]) -> list[str]:
    params = body.get("params")
    forms = PARAMS.get(body.get("program_id", ""), {})
    form = forms.get("") or (forms.get(params.get("schema_version", "")) if isinstance(params, dict) else None)
    if form is None or params is None:
        return []
    return operation.schemas.problems({"$ref": f"#/components/schemas/{form}"}, params)
