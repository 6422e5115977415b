"""What a file's Python says as a whole, over all cells of a notebook: imports, constants, and what calls are given."""

# ruff: noqa: N802, D102 - libcst gives the visitors their names

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import libcst as cst
import libcst.matchers as m

from .hits import Evidence
from .matching import METHODS, addresses, distinct, path_address, routes_of
from .templates import Constants, Template, dotted

__all__ = ["Facts", "method_of"]

VERBS = {method.lower(): method for method in METHODS}
SOCKETS = ("connect", "create_connection", "WebSocketApp", "ws_connect")


class Facts(cst.CSTVisitor):
    """Collected by a walk over each module before any of them is read for findings.

    Attributes:
        evidence: of the whole file.
        imports: what a name stands for, dotted.
        constants: strings that names stand for.
        classic: calls of a classic address.
        sent: names that such calls are given.
        lookups: keys that are read somewhere: renaming those in a dictionary would break the reading.
    """

    def __init__(self, evidence: Evidence) -> None:
        """Know nothing but the evidence."""
        super().__init__()
        self.evidence = evidence
        self.imports = {"IBMQ": "qiskit.IBMQ"}
        self.constants = Constants()
        self.classic: set[cst.Call] = set()
        self.sent: set[str] = set()
        self.lookups: set[str] = set()
        self._calls: list[cst.Call] = []
        self._methods: dict[str, set[str]] = defaultdict(set)

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            name = dotted(alias.name)
            bound = alias.evaluated_alias
            self.imports[bound or name.partition(".")[0]] = name if bound else name.partition(".")[0]

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if node.module is None or isinstance(node.names, cst.ImportStar):
            return
        for alias in node.names:
            self.imports[alias.evaluated_alias or alias.evaluated_name] = (
                f"{dotted(node.module)}.{alias.evaluated_name}"
            )

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            if name := dotted(target.target):
                self.constants.assign(name, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None and (name := dotted(node.target)):
            self.constants.assign(name, node.value)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self.constants.assign(dotted(node.target), node.value)
        self.constants.assign(dotted(node.target), node.value)  # no constant any more

    def visit_Param(self, node: cst.Param) -> None:
        if node.default is not None:
            self.constants.assign(node.name.value, node.default)

    def visit_Call(self, node: cst.Call) -> None:
        self._calls.append(node)
        if dotted(node.func).endswith((".get", ".pop")) and node.args:
            self._look_up(node.args[0].value)

    def visit_Subscript(self, node: cst.Subscript) -> None:
        for element in node.slice:
            if isinstance(element.slice, cst.Index):
                self._look_up(element.slice.value)

    def _look_up(self, key: cst.BaseExpression) -> None:
        if isinstance(key, cst.SimpleString):
            self.lookups.add(key.raw_value)

    def conclude(self) -> None:
        """Find the calls of classic addresses, once everything was walked over."""
        for call in self._calls:
            method = method_of(call)
            for argument in call.args:
                if method and (name := dotted(argument.value)):
                    self._methods[name].add(method)
                if self.is_classic(self.constants.template(argument.value)):
                    self.classic.add(call)
                    self.sent |= set(_names(call.args))

    def is_classic(self, template: Template | None) -> bool:
        """Whether a string is the address of a classic call."""
        text = "".join(piece.text for piece in template or ())
        if any(addresses(text)):
            return True
        found = path_address(text)
        return (
            found is not None
            and bool(routes_of(found.path, None))
            and (self.evidence.addresses or distinct(text, found))
        )

    def method_given(self, name: str) -> str | None:
        """The method that an address with this name is called with; None when there are several."""
        methods = self._methods.get(name, ())
        return next(iter(methods)) if len(methods) == 1 else None

    def full_name(self, node: cst.CSTNode) -> str:
        """A name as the import spells it: `qiskit.IBMQ.load_account`."""
        first, dot, rest = dotted(node).partition(".")
        return self.imports.get(first, first) + dot + rest


def _names(arguments: Iterable[cst.Arg]) -> Iterator[str]:
    for argument in arguments:
        for node in m.findall(argument.value, m.Name()):
            yield node.value if isinstance(node, cst.Name) else ""


def method_of(call: cst.Call) -> str | None:
    """The HTTP method of a call of a client library, as far as it shows."""
    name = dotted(call.func).rpartition(".")[2]
    if name in VERBS:
        return VERBS[name]
    if name in SOCKETS:
        return "GET"
    if name not in ("request", "stream", "Request", "build_request", "open", "send_request", "urlopen"):
        return None
    given = [argument for argument in call.args if isinstance(argument.value, cst.SimpleString)]
    for argument in given:
        text = argument.value.raw_value.upper() if isinstance(argument.value, cst.SimpleString) else ""
        if text in METHODS:
            return text
    sends = any(argument.keyword is not None and argument.keyword.value in ("data", "json") for argument in call.args)
    return "POST" if sends else None
