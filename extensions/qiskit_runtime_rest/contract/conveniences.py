"""Which hand-written functions stand on which operations, and what they read of an answer.

Found by reading the source of the package: a function stands on an operation if it names the operation's generated
module, or calls a function that does.
"""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from attrs import field, frozen

__all__ = ["Convenience", "conveniences"]

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT.name
GENERATED = "qiskit_runtime_api.api"
APART = ("cassettes", "conformance", "contract", "emulator")
"""Folders that do not belong to the client."""

ORDINARY = frozenset(dir(dict)) | frozenset(dir(list)) | frozenset(dir(str))
"""Names of methods that say nothing about the object that has them."""


@frozen
class Convenience:
    """A public function or method that stands on operations of the contract.

    Attributes:
        name: `job.JobOperations.status`.
        operations: generated modules, such as `jobs.get_job`.
        reads: names of properties that it, or what it calls, looks up in answers.
        needs: those of them that it looks up in a way that fails when they are missing.
    """

    name: str
    operations: frozenset[str]
    reads: frozenset[str]
    needs: frozenset[str]


@cache
def conveniences() -> tuple[Convenience, ...]:
    """Every public function that stands on an operation."""
    found = []
    functions = _functions()
    for name in functions:
        below = _below(name, functions)
        operations = frozenset().union(*(functions[each].operations for each in below))
        if operations and not any(part.startswith("_") for part in name.split(".")):
            found.append(
                Convenience(
                    name=name,
                    operations=operations,
                    reads=frozenset().union(*(functions[each].reads for each in below)),
                    needs=frozenset().union(*(functions[each].needs for each in below)),
                )
            )
    return tuple(found)


@frozen(eq=False)
class _Module:
    """The source of one module, and what its imports mean."""

    name: str
    tree: ast.Module
    imports: dict[str, str] = field(factory=dict)
    """Names in the module to full names, wherever in it they are imported."""


@frozen(eq=False)
class _Function:
    operations: frozenset[str]
    calls: frozenset[str]
    """Full names of functions of the package that it may call."""
    reads: frozenset[str]
    needs: frozenset[str]


def _functions() -> dict[str, _Function]:
    modules = {module.name: module for module in _modules()}
    bodies = {name: (module, node) for module in modules.values() for name, node in _bodies(module)}
    methods: dict[str, dict[str, str]] = defaultdict(dict)
    for name in bodies:
        owner, _, own = name.rpartition(".")
        methods[owner][own] = name
    classes = {module.name: _known(module, modules) for module in modules.values()}
    return {
        name: _function(module, node, name, modules, methods, classes[module.name])
        for name, (module, node) in bodies.items()
    }


def _modules() -> Iterator[_Module]:
    for path in sorted(ROOT.rglob("*.py")):
        steps = path.relative_to(ROOT).with_suffix("").parts
        if steps[0] in APART:
            continue
        package = list(steps if steps[-1] == "__init__" else (*steps[:-1], "__init__"))[:-1]
        name = ".".join(steps[:-1] if steps[-1] == "__init__" else steps)
        module = _Module(name=name, tree=ast.parse(path.read_text("utf-8")))
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom):
                base = [PACKAGE, *package][: len(package) + 2 - node.level] if node.level else []
                source = ".".join([*base, *([node.module] if node.module else [])])
                module.imports.update({alias.asname or alias.name: f"{source}.{alias.name}" for alias in node.names})
        yield module


def _bodies(module: _Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions of the module and methods of its classes; what is defined inside belongs to them."""
    prefix = f"{module.name}." if module.name else ""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            for own in node.body:
                if isinstance(own, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{prefix}{node.name}.{own.name}", own


def _function(
    module: _Module,
    node: ast.AST,
    name: str,
    modules: Mapping[str, _Module],
    methods: Mapping[str, Mapping[str, str]],
    classes: tuple[str, ...],
) -> _Function:
    """`classes`: those whose methods it may call on objects of which nothing is known but the method's name."""
    family = _family([name.rpartition(".")[0]], modules)
    operations: set[str] = set()
    calls: set[str] = set()
    reads: set[str] = set()
    needs: set[str] = set()
    here = f"{module.name}." if module.name else ""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            full = _resolved(module.imports.get(each.id, f"{PACKAGE}.{here}{each.id}"), modules)
            if full.startswith(f"{GENERATED}.") and full.count(".") == GENERATED.count(".") + 2:
                operations.add(full.removeprefix(f"{GENERATED}."))
            owner, _, own = full.removeprefix(f"{PACKAGE}.").rpartition(".")
            if own in methods.get(owner, {}):
                calls.add(methods[owner][own])
        elif isinstance(each, ast.Attribute):
            base = each.value.id if isinstance(each.value, ast.Name) else ""
            full = module.imports.get(base, "")
            if full.rpartition(".")[0] == GENERATED:
                operations.add(f"{full.removeprefix(f'{GENERATED}.')}.{each.attr}")
            own_methods = [methods[owner][each.attr] for owner in family if each.attr in methods.get(owner, {})]
            if base in ("self", "cls") and own_methods:
                calls.update(own_methods)
            elif each.attr not in ORDINARY:
                calls.update(methods[owner][each.attr] for owner in classes if each.attr in methods.get(owner, {}))
            reads.add(each.attr)
        elif isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Constant):
            if isinstance(each.slice.value, str):
                needs.add(each.slice.value)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            reads.add(each.value)
    return _Function(
        operations=frozenset(operations),
        calls=frozenset(calls - {name}),
        reads=frozenset(reads),
        needs=frozenset(needs),
    )


def _family(names: Iterable[str], modules: Mapping[str, _Module]) -> tuple[str, ...]:
    """Classes, and all that they stand on, nearest first."""
    seen: dict[str, None] = {}
    open_ = deque(names)
    while open_:
        name = open_.popleft()
        if name not in seen:
            seen[name] = None
            open_ += _beneath(name, modules)
    return tuple(seen)


def _beneath(name: str, modules: Mapping[str, _Module]) -> Iterator[str]:
    """The bases of a class, or the classes that a type variable stands for."""
    owner, _, own = name.rpartition(".")
    if owner not in modules:
        return
    module = modules[owner]
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == own:
            named = [ast.unparse(base).partition("[")[0] for base in node.bases]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.targets[0]) == own:
            named = [ast.unparse(argument).strip("'") for argument in node.value.args]
        else:
            continue
        for each in named:
            yield _resolved(module.imports.get(each, f"{PACKAGE}.{owner}.{each}"), modules).removeprefix(f"{PACKAGE}.")


def _known(module: _Module, modules: Mapping[str, _Module]) -> tuple[str, ...]:
    """The classes that a module defines or imports, by name or as what a type variable stands for, and their bases."""
    prefix = f"{module.name}." if module.name else ""
    own = [f"{prefix}{node.name}" for node in module.tree.body if isinstance(node, ast.ClassDef)]
    imported = [_resolved(full, modules).removeprefix(f"{PACKAGE}.") for full in module.imports.values()]
    return _family([*own, *imported], modules)


def _resolved(full: str, modules: Mapping[str, _Module]) -> str:
    """Follow a name through the packages that only hand it on."""
    for _ in modules:
        owner, _, own = full.removeprefix(f"{PACKAGE}.").rpartition(".")
        source = modules.get(owner)
        if not full.startswith(f"{PACKAGE}.") or source is None or own not in source.imports:
            break
        full = source.imports[own]
    return full


def _below(name: str, functions: Mapping[str, _Function]) -> set[str]:
    """The function and all that it may call."""
    seen, open_ = {name}, [name]
    while open_:
        fresh = functions[open_.pop()].calls - seen
        seen |= fresh
        open_ += fresh
    return seen
