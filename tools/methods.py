"""Write the public methods of the client from the plans behind them.

`client/logic/` holds each method once, as a plan: a generator that threads and tasks run. `python -m tools.methods`
writes, for each plan that is marked with `@public`, a plain function for `RuntimeClient` and an `async` one for
`AsyncRuntimeClient` (and so on for jobs, sessions, backends, instances), with the signature and the docstring of the
plan. With `--check` it only compares.
"""

from __future__ import annotations

import argparse
import ast
import copy
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import field, frozen

ROOT = Path(__file__).resolve().parents[1]
CLIENT = Path("extensions", "qiskit_runtime_rest", "client")
HEADER = "Generated from logic/{name}.py by `make generate`: change it there."
PLAN = re.compile(r"Plan\[(.+)\]")
STREAM = re.compile(r"StreamPlan\[(.+)\]")


OPTIONS = "SessionSubmitOptions"
SESSION_DOC = "Arguments and errors are those of the client's method; `backend` may be left out."


@frozen(kw_only=True)
class Public:
    """A pair of public classes, for threads and for tasks.

    Attributes:
        name: of the class for threads; the one for tasks has `Async` before it.
        doc: of both; `{client}` is the class of the client.
        bases: public classes that it inherits methods from.
        attributes: class attributes that are public classes.
        options: the typed dictionary of its `**` arguments, where the logic has `SessionSubmitOptions`.
        only_options: it has only the methods with such arguments, and their descriptions are short.
    """

    name: str
    doc: str
    bases: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(factory=dict)
    options: str = OPTIONS
    only_options: bool = False


SUBMIT = "Submissions"
SESSION_SUBMIT = "SessionSubmissions"
CLASSES: Mapping[str, tuple[Public, ...]] = {
    "instances": (Public(name="Instances", doc="`client.instances` of a{client}: the instance of its settings."),),
    "backends": (
        Public(name="Backend", doc="A backend of a{client}."),
        Public(name="Backends", doc="`client.backends` of a{client}.", attributes={"_backend": "Backend"}),
    ),
    "submit": (
        Public(name=SUBMIT, doc="The ways to submit jobs with a{client} and its `jobs`.", options="SubmitOptions"),
        Public(
            name=SESSION_SUBMIT,
            doc="The same with a session of a{client}, which knows the backend.",
            bases=(SUBMIT,),
            only_options=True,
        ),
    ),
    "job": (Public(name="Job", doc="A job of a{client}."),),
    "jobs": (Public(name="Jobs", doc="`client.jobs` of a{client}.", bases=(SUBMIT,)),),
    "sessions": (
        Public(
            name="Session",
            doc="A session of a{client}. Use it in {a_with} statement.",
            bases=(SESSION_SUBMIT,),
            attributes={"_job": "Job"},
        ),
        Public(name="Sessions", doc="`client.sessions` of a{client}.", attributes={"_session": "Session"}),
    ),
    "client": (
        Public(
            name="RuntimeClient",
            doc="Client for {users}. Close it, or use it in {a_with} statement.",
            bases=(SUBMIT,),
        ),
    ),
}
LOGIC = {"RuntimeClient": "Client", SUBMIT: "Submit", SESSION_SUBMIT: "Submit"}
"""Names of the logic that differ from the public name."""

OWNERS = dict.fromkeys((SUBMIT, SESSION_SUBMIT), "RuntimeClient")
"""Where users find the methods of a class that they do not meet."""

VARIABLES = {"J": "Job", "S": "Session", "B": "Backend"}
"""What the type variables of the logic stand for."""

TIMEOUT = ast.arg("timeout", ast.parse("float | None", mode="eval").body)
TIMEOUT_DOC = "seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say."

HOMES = {public.name: module for module, classes in CLASSES.items() for public in classes}


@frozen
class Face:
    """Threads, or tasks."""

    prefix: str
    base: str
    words: Mapping[str, str]


FACES = (
    Face(
        "",
        "Blocking",
        {"client": " `RuntimeClient`", "a_with": "a `with`", "users": "scripts and threads, which may share it"},
    ),
    Face(
        "Async",
        "Awaited",
        {
            "client": "n `AsyncRuntimeClient`",
            "a_with": "an `async with`",
            "users": "tasks: as `RuntimeClient`, awaited",
        },
    ),
)


@frozen
class Logic:
    """A module of `client/logic`."""

    name: str
    tree: ast.Module

    def cls(self, name: str) -> ast.ClassDef | None:
        """Its class of that name."""
        return next((node for node in self.tree.body if isinstance(node, ast.ClassDef) and node.name == name), None)

    def plans(self, name: str) -> Iterator[tuple[ast.FunctionDef, tuple[str, ...]]]:
        """The public plans of a class, each with the operations that it declares."""
        cls = self.cls(name)
        for node in cls.body if cls else ():
            if isinstance(node, ast.FunctionDef):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "public":
                        yield node, tuple(ast.literal_eval(argument) for argument in mark.args)

    def imports(self) -> dict[str, str]:
        """Each imported name, with the statement that imports it into a module of `client/`."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                level = node.level
                module = node.module or ""
                source = f"{'.' * (level - 1)}{module}" if level > 1 else f".logic.{module}" if level else module
                for alias in node.names:
                    shown = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
                    found.setdefault(alias.asname or alias.name, f"from {source} import {shown}")
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    found.setdefault(alias.asname or alias.name, f"import {alias.name}")
        return found


def read_logic(name: str) -> Logic:
    """Read a module of `client/logic`."""
    return Logic(name, ast.parse((ROOT / CLIENT / "logic" / f"{name}.py").read_text("utf-8")))


def operations() -> dict[str, tuple[str, ...]]:
    """The operations that each public method may send, by its public name, such as `Job.wait`."""
    return {
        f"{OWNERS.get(public.name, public.name)}.{plan.name.removeprefix('_')}": used
        for module, classes in CLASSES.items()
        for public in classes
        for plan, used in read_logic(module).plans(f"{LOGIC.get(public.name, public.name)}Logic")
    }


def render(name: str) -> str:
    """The module `client/<name>.py`."""
    logic = read_logic(name)
    runtime: set[str] = set()
    typing: set[str] = set()
    body: list[str] = []
    public_names: list[str] = []
    for public in CLASSES[name]:
        for face in FACES:
            body.append(_class(logic, public, face, runtime, typing))
            public_names.append(face.prefix + public.name)
    own = {*public_names}
    lines = [
        f'"""{ast.get_docstring(logic.tree)}\n\n{HEADER.format(name=name)}\n"""',
        "from __future__ import annotations",
    ]
    lines += sorted(runtime)
    typed = sorted(line for line in typing - runtime if line.rpartition(" ")[2] not in own)
    if typed:
        lines += ["from typing import TYPE_CHECKING", "if TYPE_CHECKING:", *(f"    {line}" for line in typed)]
    lines += [f"__all__ = {sorted(public_names)!r}", *body]
    return _formatted("\n".join(lines) + "\n", CLIENT / f"{name}.py")


def _class(logic: Logic, public: Public, face: Face, runtime: set[str], typing: set[str]) -> str:
    stem = LOGIC.get(public.name, public.name)
    handmade = f"{'Async' if face.prefix else 'Sync'}{stem}Logic"
    base = handmade if logic.cls(handmade) else f"{stem}Logic"
    runtime.add(f"from .logic.{logic.name} import {base}")
    bases = []
    for each in public.bases:
        bases.append(face.prefix + each)
        if HOMES[each] != logic.name:
            runtime.add(f"from .{HOMES[each]} import {face.prefix + each}")
    if not bases:
        bases.append(face.base)
        runtime.add(f"from .logic.public import {face.base}")
    cls = logic.cls(base)
    assert cls is not None, f"logic/{logic.name}.py has no class {base}"
    argument = _argument(cls, face)
    generic = f'["{argument}"]' if argument else ""
    lines = [f"class {face.prefix}{public.name}({', '.join(bases)}, {base}{generic}):"]
    lines.append(f'    """{public.doc.format(**face.words)}"""')
    for name, value in public.attributes.items():
        lines += ["", f"    {name} = {face.prefix}{value}"]
        if HOMES[value] != logic.name:
            runtime.add(f"from .{HOMES[value]} import {face.prefix}{value}")
    if argument and HOMES[argument.removeprefix("Async")] != logic.name:
        typing.add(f"from .{HOMES[argument.removeprefix('Async')]} import {argument}")
    by_hand = {node.name for node in cls.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    plans = [plan for plan, _ in logic.plans(f"{stem}Logic")]
    hides_list = any(plan.name == "_list" for plan in plans)
    for plan in plans:
        if plan.name.removeprefix("_") in by_hand or (public.only_options and plan.args.kwarg is None):
            continue
        lines += ["", _method(logic, plan, public, face, runtime, typing, hides_list=hides_list)]
    return "\n".join(lines) + "\n\n"


def _argument(cls: ast.ClassDef, face: Face) -> str:
    """The public class that the type variable of a generic logic stands for."""
    for base in cls.bases:
        if isinstance(base, ast.Subscript) and isinstance(base.slice, ast.Name) and base.slice.id in VARIABLES:
            return face.prefix + VARIABLES[base.slice.id]
    return ""


def _method(
    logic: Logic,
    plan: ast.FunctionDef,
    public: Public,
    face: Face,
    runtime: set[str],
    typing: set[str],
    *,
    hides_list: bool,
) -> str:
    returns = ast.unparse(plan.returns) if plan.returns else ""
    stream, single = STREAM.fullmatch(returns), PLAN.fullmatch(returns)
    found = stream or single
    assert found is not None, f"{plan.name} of logic/{logic.name}.py returns no plan"
    name = plan.name.removeprefix("_")
    arguments = _typed(ast.unparse(_with_timeout(plan.args)), face, hides_list=hides_list)
    arguments = arguments.replace(OPTIONS, public.options)
    result = _typed(found[1], face, hides_list=hides_list)
    awaits = bool(face.prefix) and not stream
    if stream:
        result = f"{face.prefix}Iterator[{result}]"
        typing.add(f"from collections.abc import {face.prefix}Iterator")
    known = logic.imports() | _defined(logic)
    if OPTIONS in known:
        known[public.options] = known[OPTIONS].replace(OPTIONS, public.options)
    if "builtins.list" in f"{arguments} {result}":
        typing.add("import builtins")
    for word in set(re.findall(r"\w+", f"{arguments} {result}")):
        plain = word.removeprefix("Async")
        if plain in HOMES and (plain == word or face.prefix):
            if HOMES[plain] != logic.name:
                typing.add(f"from .{HOMES[plain]} import {word}")
        elif word in known:
            typing.add(known[word])
    for default in [*plan.args.defaults, *plan.args.kw_defaults]:
        if isinstance(default, ast.Name):
            runtime.add(known[default.id])
    call = f"self._{'iterate' if stream else 'run'}(self.{plan.name}({_passed(plan.args)}), timeout)"
    body = f"{'await ' if awaits else ''}{call}"
    doc = ast.get_docstring(plan)
    assert doc, f"{plan.name} of logic/{logic.name}.py has no docstring"
    if public.only_options:
        doc = f"{doc.splitlines()[0]}\n\n{SESSION_DOC}"
    elif not _takes_timeout(plan.args):
        doc = _with_timeout_doc(doc)
    shown = "\n".join(f"        {line}" if line else "" for line in doc.splitlines()).lstrip()
    if "\n" in doc:
        shown += "\n        "
    return (
        f"    {'async ' if awaits else ''}def {name}({arguments}) -> {result}:\n"
        f'        """{shown}"""\n'
        f"        {'' if result == 'None' else 'return '}{body}"
    )


def _typed(text: str, face: Face, *, hides_list: bool) -> str:
    """An annotation with the classes of the face in place of the type variables.

    `hides_list`: the class has a method `list`, which hides the builtin in the annotations of its other methods.
    """
    text = re.sub(r"\b[A-Z]\b", lambda found: face.prefix + VARIABLES[found[0]], text)
    return re.sub(r"\blist\[", "builtins.list[", text) if hides_list else text


def _defined(logic: Logic) -> dict[str, str]:
    """The names that the module itself defines."""
    names = [node.name for node in logic.tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    for node in logic.tree.body:
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        if isinstance(target, ast.Name):
            names.append(target.id)
    return {name: f"from .logic.{logic.name} import {name}" for name in names}


def _takes_timeout(arguments: ast.arguments) -> bool:
    return any(argument.arg == TIMEOUT.arg for argument in arguments.kwonlyargs)


def _with_timeout(arguments: ast.arguments) -> ast.arguments:
    """The arguments of the public method: each takes a `timeout` for all that its plan does."""
    if _takes_timeout(arguments):
        return arguments
    more = copy.copy(arguments)
    more.kwonlyargs = [*arguments.kwonlyargs, TIMEOUT]
    more.kw_defaults = [*arguments.kw_defaults, ast.Constant(None)]
    return more


def _with_timeout_doc(doc: str) -> str:
    """Describe `timeout` after the other arguments, or at the end."""
    head, args, rest = doc.partition("\nArgs:\n")
    if not args:
        return f"{doc}\n\n`timeout`: {TIMEOUT_DOC}"
    own, blank, rest = rest.partition("\n\n")
    return f"{head}{args}{own}\n    timeout: {TIMEOUT_DOC}{blank}{rest}"


def _passed(arguments: ast.arguments) -> str:
    positional = [argument.arg for argument in arguments.args if argument.arg != "self"]
    named = [f"{argument.arg}={argument.arg}" for argument in arguments.kwonlyargs]
    rest = [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return ", ".join([*positional, *named, *rest])


def _formatted(text: str, path: Path) -> str:
    ruff = [str(Path(sys.executable).with_name("ruff"))]
    for command in (["check", "--fix-only", "--select", "I,F401"], ["format"]):
        done = subprocess.run(
            [*ruff, *command, "--quiet", "--stdin-filename", str(path), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        text = done.stdout
    return text


def render_operations() -> str:
    """The module `client/operations.py`."""
    rows = "\n".join(f"    {name!r}: {used!r}," for name, used in sorted(operations().items()))
    text = (
        '"""The operations of the contract that each public method may send.\n\n'
        "Generated from the `@public` marks in logic/ by `make generate`: change them there.\n"
        '"""\n\nfrom collections.abc import Mapping\n\n__all__ = ["OPERATIONS"]\n\n'
        f"OPERATIONS: Mapping[str, tuple[str, ...]] = {{\n{rows}\n}}\n"
        '"""Modules of `qiskit_runtime_api.api`, by public name. The class for tasks has the same.\n\n'
        "`jobs` and sessions submit as the client does.\n"
        '"""\n'
    )
    return _formatted(text, CLIENT / "operations.py")


def modules() -> dict[Path, str]:
    """Each generated module of `client/`, with its text."""
    files = {CLIENT / f"{name}.py": render(name) for name in CLASSES}
    return {**files, CLIENT / "operations.py": render_operations()}


def main() -> int:
    """Write the modules, or compare them."""
    parser = argparse.ArgumentParser(prog="python -m tools.methods", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a module is stale")
    options = parser.parse_args()
    stale = [
        path
        for path, text in modules().items()
        if not (ROOT / path).exists() or (ROOT / path).read_text("utf-8") != text
    ]
    if not options.check:
        for path, text in modules().items():
            (ROOT / path).write_text(text, encoding="utf-8")
        return 0
    for path in stale:
        print(f"{path} is not what its logic says: run `make generate`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
