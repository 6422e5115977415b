"""What the generated package makes of the contract: which file holds an operation, which one a property.

Read from the package's source, so that the answer is that of the code which is installed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

__all__ = ["GeneratedOperation", "Property", "operation_files", "property_of"]

PACKAGE = "qiskit_runtime_api"

PYTHON_TYPES = {
    "array": {"list"},
    "boolean": {"bool"},
    "integer": {"int", "float"},
    "number": {"float"},
    "object": {"dict", "Mapping"},
    "string": {"str", "datetime", "date", "UUID"},
}
"""Types of the contract, and the words by which a generated annotation accepts them."""


@frozen
class GeneratedOperation:
    """The module of one operation: `jobs.get_job` for `GET /v1/jobs/{id}`."""

    module: str
    file: str
    parameters: Mapping[str, frozenset[str]]
    """Model modules that a parameter's type names, by the Python name of the parameter; `body` is one of them."""
    answers: frozenset[str]
    """Model modules that a success may be read as."""


@frozen
class Property:
    """Where generated models keep a property of a request or an answer.

    Attributes:
        files: the models that have it; of a property that none has, those that would.
        type_files: the models and enums that its value may be.
        known: whether the models have it as a field, and not only among whatever else an object holds.
        may_be_null, may_be_missing: whether the generated type says so, in all of `files`.
        accepts: types of the contract (`string`, `object`, ...) that the generated type has room for.
    """

    files: tuple[str, ...]
    type_files: tuple[str, ...]
    known: bool
    may_be_null: bool
    may_be_missing: bool
    accepts: frozenset[str]


@frozen
class _Field:
    types: frozenset[str]
    words: frozenset[str]


@cache
def root() -> Path:
    """The folder of the generated package."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed", name=PACKAGE)
    return Path(spec.submodule_search_locations[0])


@cache
def operation_files() -> Mapping[str, GeneratedOperation]:
    """Every generated operation, by method and path: `GET /v1/jobs/{id}`."""
    return dict(_operation(path) for path in sorted(root().glob("api/*/[!_]*.py")))


def property_of(operation: GeneratedOperation, location: str) -> Property:
    """Where the part of an operation that `location` (of a `Change`) names stands in the generated models."""
    part, _, path = location.partition(": ")
    if part.startswith("response"):
        types = operation.answers
    elif part == "request body":
        types = operation.parameters.get("body", frozenset())
    else:
        types = operation.parameters.get(_plain(part.split()[1]), frozenset()) if " " in part else frozenset()
    return _walk(types, path)


def _walk(types: frozenset[str], path: str) -> Property:
    """Follow the steps of a path (`state.reason`, `jobs[].tags`) from model to model."""
    holders: frozenset[str] = frozenset()
    fields: list[_Field] = []
    for step in re.findall(r"\{\}|[^.\[\](){}]+(?![^(]*\))", path):
        name = "additionalproperties" if step == "{}" else _plain(step)
        found = {model: own for model in types if (own := _model(model).get(name)) is not None}
        holders, fields = frozenset(found or types), list(found.values())
        types = frozenset().union(*(own.types for own in fields)) if fields else frozenset()
    return Property(
        files=tuple(sorted(map(_model_file, holders))),
        type_files=tuple(sorted(map(_model_file, types))),
        known=bool(fields),
        may_be_null=bool(fields) and all(own.words & {"None", "Any"} for own in fields),
        may_be_missing=bool(fields) and all("Unset" in own.words for own in fields),
        accepts=frozenset.intersection(*map(_accepts, fields)) if fields else frozenset(),
    )


def _accepts(field: _Field) -> frozenset[str]:
    if "Any" in field.words:
        return frozenset(PYTHON_TYPES)
    named = {kind for kind, words in PYTHON_TYPES.items() if words & field.words}
    classes = {"string" if not _model(model) else "object" for model in field.types}
    return frozenset(named | classes)


def _operation(path: Path) -> tuple[str, GeneratedOperation]:
    tree = ast.parse(path.read_text("utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    request, parse, models = functions["_get_kwargs"], functions["_parse_response"], _imported_models(tree)
    said = dict(_texts(request))
    arguments = [*request.args.args, *request.args.kwonlyargs]
    module = f"{path.parent.name}.{path.stem}"
    return f"{said['method'].upper()} {said['url']}", GeneratedOperation(
        module=module,
        file=_shown(path),
        parameters={_plain(argument.arg): _models_in(argument.annotation, models) for argument in arguments},
        answers=_models_in(parse.returns, models) - _read_as_errors(parse, models),
    )


def _read_as_errors(parse: ast.FunctionDef, models: Mapping[str, str]) -> set[str]:
    """The models of error answers: the first arguments of `read_error`."""
    return {
        models[node.args[0].id]
        for node in ast.walk(parse)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "read_error"
        and isinstance(node.args[0], ast.Name)
    }


def _texts(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The keys and plain texts of the dicts in a function; of `"...".format(...)`, the text."""
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                    value = value.func.value
                if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                    yield str(key.value), str(value.value)


@cache
def _model(module: str) -> Mapping[str, _Field]:
    """The fields of the class in a model's module, by their plain names; an enum has none."""
    tree = ast.parse((root() / "models" / f"{module}.py").read_text("utf-8"))
    models = _imported_models(tree)
    fields = [
        node
        for cls in tree.body
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    return {
        _plain(node.target.id): _Field(
            types=_models_in(node.annotation, models), words=frozenset(_words(node.annotation))
        )
        for node in fields
        if isinstance(node.target, ast.Name)
    }


def _imported_models(tree: ast.Module) -> dict[str, str]:
    """Class names to model modules, wherever in the module they are imported."""
    return {
        alias.asname or alias.name: node.module.rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("models.")
        for alias in node.names
    }


def _models_in(annotation: ast.expr | None, models: Mapping[str, str]) -> frozenset[str]:
    return frozenset(models[word] for word in _words(annotation) if word in models)


def _words(annotation: ast.expr | None) -> list[str]:
    return re.findall(r"\w+", ast.unparse(annotation)) if annotation is not None else []


def _model_file(module: str) -> str:
    return _shown(root() / "models" / f"{module}.py")


def _shown(path: Path) -> str:
    return f"generated/{PACKAGE}/{path.relative_to(root()).as_posix()}"


def _plain(name: str) -> str:
    """A name as the contract and the generator both write it: `reasonCode` is kept as `reason_code`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
