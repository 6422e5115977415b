"""Find what is classic in parsed Python, and the changes that are safe."""

# ruff: noqa: N802 - libcst gives the visitors their names

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from ..sdk_table import SDK_USES, SdkUse
from ..table import Field
from . import rules
from .addresses import MARK, Address, Evidence, addresses, distinct, path_address, routes_of
from .edits import Edits, address_changes, comment_text
from .facts import Facts, Literal, SourceString, dotted, inner, method_of
from .findings import Hit, Lines
from .project import Links
from .rules import TAKES_IAM, TOKEN, Rule, address_rule, classic_fields, field_named, is_ordinary
from .text import keys
from .whole import WholeCalls

__all__ = ["Module", "NotPython", "parse", "read"]

ROUTERS = ("add_url_rule", "add_api_route", "add_route", "route", "Route", "APIRoute", "Mount", "path", "re_path")
"""Functions that take the paths of the user's own server."""
HUB = re.compile(r"[\w.-]+/[\w.-]+/[\w.-]+")


class NotPython(ValueError):
    """The text cannot be parsed as Python 3."""


@dataclass(frozen=True, kw_only=True)
class _Note:
    """A use, before it is decided whether it is rewritten.

    Attributes:
        whole: whether the changes of this use leave nothing to do in a program that can be rewritten.
        marked: whether a comment is written also above a use that is rewritten.
    """

    line: int
    column: int
    statement: cst.CSTNode | None
    found: str
    rule: Rule
    becomes: str
    sdk: bool
    whole: bool
    marked: bool = False


@dataclass
class Module:
    """A parsed module or cell, with its findings."""

    text: str
    wrapper: MetadataWrapper
    hits: list[Hit] = field(default_factory=list)
    edits: Edits = field(default_factory=Edits)

    @property
    def exact(self) -> bool:
        """Whether the parser reproduces the text exactly."""
        return self.wrapper.module.code == self.text

    def fixed(self) -> str:
        """The text with the safe changes, and with comments for the rest."""
        return self.edits.apply(self.wrapper.module)


def parse(text: str) -> Module:
    """Parse a module. Raises: NotPython."""
    try:
        return Module(text, MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True))
    except cst.ParserSyntaxError as error:
        # The parser's own message is long: it lists every possible token.
        place = re.search(r"error at (\d+):", error.message)
        raise NotPython(f"line {place[1] if place else error.raw_line}") from None
    except (RecursionError, ValueError) as error:
        raise NotPython(str(error) or type(error).__name__) from None


def read(modules: Collection[Module], evidence: Evidence, shared: Links) -> None:
    """Find classic use in the modules of one file. `shared`: what it has to do with the other files of the project.

    Raises:
        NotPython: the code is nested too deeply.
    """
    facts = Facts(evidence, shared.constants)
    try:
        for module in modules:
            module.wrapper.module.visit(facts)
        facts.conclude()
        parents = [(module.wrapper.module, module.wrapper.resolve(ParentNodeProvider)) for module in modules]
        calls = WholeCalls(parents, facts)
        readers = [_Reader(module, facts, calls) for module in modules]
        for reader in readers:
            reader.read()
        notes = [note for reader in readers for note in reader.notes]
        http = (
            not (shared.linked or shared.shared)
            and calls.possible
            and all(note.whole for note in notes if not note.sdk)
        )
        sdk = all(note.whole for note in notes if note.sdk)
        for reader in readers:
            reader.conclude(http=http, sdk=sdk)
    except RecursionError:
        raise NotPython("the code is nested too deeply") from None


class _Reader(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider, ParentNodeProvider)

    def __init__(self, module: Module, facts: Facts, calls: WholeCalls) -> None:
        super().__init__()
        self.notes: list[_Note] = []
        self._module = module
        self._facts = facts
        self._calls = calls
        self._http, self._sdk_edits = Edits(), Edits()
        self._read: set[Literal] = set()
        self._lines_of: dict[Literal, Lines] = {}
        self._left: set[str] = set()
        self._wanted: set[str] = set()

    def read(self) -> None:
        """Find the uses in the module."""
        self._module.wrapper.visit(self)

    def conclude(self, *, http: bool, sdk: bool) -> None:
        """Keep the changes of the uses that are rewritten whole; put comments at the others.

        `http`, `sdk`: whether all HTTP calls, and all uses of SDKs, can be rewritten whole.
        """
        edits = self._module.edits
        if http:
            edits.add(self._http)
            edits.add(self._calls.edits)
        if sdk:
            edits.add(self._sdk_edits)
        for note in self.notes:
            safe = (sdk if note.sdk else http) and not note.marked
            place = {"line": note.line, "column": note.column}
            hit = Hit(**place, found=note.found, rule=note.rule, becomes=note.becomes, safe=safe)
            self._module.hits.append(hit)
            if not safe:
                text = comment_text(note.rule.title, note.becomes, note.rule.link)
                self._wanted.add(text)
                if note.statement is not None:
                    edits.comment(note.statement, text)
        self._sort()

    def _sort(self) -> None:
        """Sort the findings, and add the comments of an earlier run that no finding explains."""
        # The parser gives no positions of comments.
        left = self._left - self._wanted
        for line, text in enumerate(re.split(r"\r\n|\r|\n", self._module.text) if left else (), 1):
            comment = text.strip()
            if comment in left:
                column = len(text) - len(text.lstrip()) + 1
                hit = Hit(line=line, column=column, found=comment, rule=rules.LEFT, becomes=rules.LEFT.becomes)
                self._module.hits.append(hit)
        unique = {(hit.line, hit.column, hit.rule.id): hit for hit in self._module.hits}
        self._module.hits = [unique[place] for place in sorted(unique)]

    # Strings

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> None:
        self._string(node)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> None:
        self._string(node)

    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        self._string(node)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        self._string(node)

    def visit_Expr(self, node: cst.Expr) -> bool:
        return not isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)  # a docstring

    def visit_Comment(self, node: cst.Comment) -> None:
        if node.value.startswith(MARK):
            self._left.add(node.value.strip())

    def _string(self, node: cst.BaseExpression) -> None:
        template = self._facts.constants.template(node)
        own = [piece.literal for piece in template or () if piece.literal is not None]
        if not template or not own or self._read.issuperset(own):
            return
        self._read.update(own)
        string = SourceString(template)
        found = [one for one in addresses(string.text) if string.own(one.start, one.end)]
        if not found and self._path_counts(node) and (path := path_address(string.text)):
            sure = distinct(string.text, path) or self._facts.evidence.addresses
            found = [path] if sure and routes_of(path.path, None) else []
        for address in found:
            self._address(node, string, address)
        if self._facts.evidence.fields:
            for literal in own:
                self._keys(literal)

    def _path_counts(self, node: cst.BaseExpression) -> bool:
        """Whether a path here may belong to a call, and not to the user's own server."""
        parent: cst.CSTNode | None = node
        while parent is not None and not isinstance(parent, cst.BaseStatement):
            if isinstance(parent, cst.Decorator):
                return False
            if isinstance(parent, cst.Call) and dotted(parent.func).rpartition(".")[2] in ROUTERS:
                return False
            parent = self.get_metadata(ParentNodeProvider, parent, None)
        return True

    def _address(self, node: cst.BaseExpression, string: SourceString, address: Address) -> None:
        routes = routes_of(address.path, self._method(node, address))
        rule, becomes = address_rule(address, routes)
        place = string.own(address.start, address.end)[0]
        changes = address_changes(string, address, routes)
        for literal, start, end, new in changes or ():
            self._http.texts[literal].add((start, end, new))
        whole = changes is not None and self._calls.is_placed(node) and self._calls.is_done(routes)
        self._note(place.literal, place.start, string.shown(place.at, address.end), rule, becomes, whole=whole)
        for match, field_ in keys(address.query):
            begin = address.end + match.start("query") if match["query"] else address.end
            for part in string.own(begin, begin + len(field_.name)):
                self._field(part.literal, part.start, field_)

    def _method(self, node: cst.BaseExpression, address: Address) -> str | None:
        if address.scheme.startswith("ws"):
            return "GET"
        parent = self.get_metadata(ParentNodeProvider, node, None)
        while isinstance(parent, cst.BaseExpression | cst.Arg):
            if isinstance(parent, cst.Call) and (method := method_of(parent)):
                return method
            parent = self.get_metadata(ParentNodeProvider, parent, None)
        if isinstance(parent, cst.Assign):
            return self._facts.method_given(dotted(parent.targets[0].target), parent.value)
        return None

    # Keys

    def visit_Dict(self, node: cst.Dict) -> None:
        pairs = [pair for pair in node.elements if isinstance(pair, cst.DictElement)]
        named = {pair.key: pair.key.raw_value for pair in pairs if isinstance(pair.key, cst.SimpleString)}
        for pair in pairs:
            if isinstance(pair.key, cst.SimpleString):
                self._key(pair.key, node, named.values())
                if pair.key.raw_value.lower() == "authorization" and not TAKES_IAM.search(self._module.text):
                    self._authorization(pair.key, node)
                if pair.key.raw_value == "channel" and _text(pair.value) == "ibm_quantum":
                    self._sdk(pair.value, SETTING)

    def visit_Call(self, node: cst.Call) -> None:
        if dotted(node.func) == "dict":
            named = [argument.keyword.value for argument in node.args if argument.keyword is not None]
            for argument in node.args:
                if argument.keyword is not None:
                    self._key(argument.keyword, node, named)
        self._string(node)
        self._sdk_call(node)

    def visit_Subscript(self, node: cst.Subscript) -> None:
        parent = self.get_metadata(ParentNodeProvider, node, None)
        if not isinstance(parent, cst.AssignTarget):
            return
        for element in node.slice:
            if isinstance(element.slice, cst.Index) and isinstance(element.slice.value, cst.SimpleString):
                self._key(element.slice.value, node, (), rename=False)

    def _authorization(self, key: cst.SimpleString, headers: cst.Dict) -> None:
        """An API token in the header that the classic API accepted besides its own."""
        if self._is_sent(headers):
            rule = rules.field_rule(TOKEN)
            self._note(key, 0, key.raw_value, rule, rule.becomes)

    def _key(
        self, key: cst.SimpleString | cst.Name, holder: cst.CSTNode, beside: Collection[str], *, rename: bool = True
    ) -> None:
        name = key.value if isinstance(key, cst.Name) else key.raw_value
        found = field_named(name)
        if found is None or not self._facts.evidence.fields:
            return
        sent = self._is_sent(holder)
        if is_ordinary(found) and not (sent or classic_fields(beside)):
            return
        alone = found.v1 not in beside and name not in self._facts.lookups
        renamed = bool(found.safe and found.v1 and sent and rename and alone)
        if renamed and isinstance(key, cst.Name):
            self._http.names[key] = str(found.v1)
        elif renamed and isinstance(key, cst.SimpleString):
            self._http.texts[key].add((0, len(name), str(found.v1)))
        self._field(key, 0, found, whole=renamed or key in self._calls.keys)

    def _is_sent(self, holder: cst.CSTNode) -> bool:
        """Whether a dictionary is an argument of a classic call, directly or by name."""
        if isinstance(holder, cst.Subscript):
            return dotted(holder.value) in self._facts.sent
        node = self.get_metadata(ParentNodeProvider, holder, None)
        while node is not None and not isinstance(node, cst.BaseStatement):
            if node in self._facts.classic:
                return True
            if isinstance(node, cst.Assign):
                return any(dotted(target.target) in self._facts.sent for target in node.targets)
            if isinstance(node, cst.AnnAssign):
                return dotted(node.target) in self._facts.sent
            node = self.get_metadata(ParentNodeProvider, node, None)
        return False

    def _keys(self, literal: Literal) -> None:
        """Find the keys in a string that holds JSON or a command."""
        found = keys(inner(literal))
        certain = classic_fields(field_.name for _, field_ in found)
        for match, field_ in found:
            if match["query"] is None and (certain or not is_ordinary(field_)):
                self._field(literal, match.start(match.lastgroup or 0), field_)

    def _field(self, node: cst.CSTNode, offset: int, found: Field, *, whole: bool = False) -> None:
        rule = rules.field_rule(found)
        # A new API key is the user's to bring.
        self._note(node, offset, found.name, rule, rule.becomes, whole=whole, marked=found.name == "apiToken")

    # SDKs

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            self._imported(alias, dotted(alias.name))

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        module = dotted(node.module) if node.module is not None else ""
        if isinstance(node.names, cst.ImportStar):
            self._imported(node, module)
            return
        for alias in node.names:
            self._imported(alias, f"{module}.{alias.evaluated_name}")

    def _imported(self, node: cst.CSTNode, name: str) -> None:
        for use in MODULES:
            if name == use.name or name.startswith(use.name + "."):
                self._sdk(node, use)
        if name in NAMES:
            self._sdk(node, NAMES[name])

    def _sdk_call(self, call: cst.Call) -> None:
        name, written = self._facts.full_name(call.func), dotted(call.func)
        if name in NAMES and (NAMES[name].distinct or self._facts.evidence.sdk):
            self._sdk(call.func, NAMES[name])
        for use in METHOD_NAMES:
            if self._facts.evidence.sdk and f".{written}".endswith(f".{use.name}") and "." in written:
                self._sdk(call.func, use)
        for place, argument in enumerate(call.args):
            keyword = argument.keyword.value if argument.keyword else ("channel" if place == 0 else None)
            for use in ARGUMENTS:
                if self._takes(use, name, written) and use.name.partition("=")[0] == keyword:
                    self._argument(argument, use)

    def _takes(self, use: SdkUse, name: str, written: str) -> bool:
        """Whether the called function takes the argument of a row."""
        for one in use.of:
            if one.startswith("."):
                if self._facts.evidence.sdk and written.endswith(one):
                    return True
            elif f".{name}".endswith(f".{one}") and (use.distinct or name.startswith("qiskit_ibm_runtime.")):
                return True
        return False

    def _argument(self, argument: cst.Arg, use: SdkUse) -> None:
        value = use.name.partition("=")[2]
        if not value:
            if argument.keyword is not None:
                self._sdk(argument, use)
            return
        template = self._facts.constants.template(argument.value)
        text = "".join(piece.text for piece in template or ())
        if text != value and not (value == "hub/group/project" and HUB.fullmatch(text)):
            return
        if use.v1 and isinstance(argument.value, cst.SimpleString):
            self._sdk_edits.texts[argument.value].add((0, len(text), use.v1))
            self._sdk(argument.value, use, whole=True)
        else:
            self._sdk(argument, use)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        for use in ATTRIBUTES:
            if node.attr.value == use.name and self._facts.evidence.sdk:
                self._sdk(node.attr, use)

    def _sdk(self, node: cst.CSTNode, use: SdkUse, *, whole: bool = False) -> None:
        rule = rules.sdk_rule(use)
        code = self._module.wrapper.module.code_for_node(node)
        found = node.raw_value if isinstance(node, cst.SimpleString) else code.splitlines()[0].rstrip(", ")
        self._note(node, 0, found, rule, rule.becomes, whole=whole, sdk=True)

    # Notes

    def _note(
        self,
        node: cst.CSTNode,
        offset: int,
        found: str,
        rule: Rule,
        becomes: str,
        *,
        whole: bool = False,
        marked: bool = False,
        sdk: bool = False,
    ) -> None:
        """Add a use at a node, or `offset` characters into a literal."""
        line, column = self._position(node, offset)
        self.notes.append(
            _Note(
                line=line,
                column=column,
                statement=self._statement(node),
                found=found,
                rule=rule,
                becomes=becomes,
                sdk=sdk,
                whole=whole,
                marked=marked,
            )
        )

    def _position(self, node: cst.CSTNode, offset: int) -> tuple[int, int]:
        span = self.get_metadata(PositionProvider, node)
        assert isinstance(span, CodeRange)
        line, column = span.start.line, span.start.column + 1
        if isinstance(node, cst.SimpleString):
            column += len(node.prefix) + len(node.quote)
        if isinstance(node, cst.SimpleString | cst.FormattedStringText):
            down, across = self._lines(node).at(offset)
            return line + down - 1, across if down > 1 else column + across - 1
        return line, column

    def _lines(self, literal: Literal) -> Lines:
        if literal not in self._lines_of:
            self._lines_of[literal] = Lines(inner(literal))
        return self._lines_of[literal]

    def _statement(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The innermost statement that can have a comment above it."""
        parent: cst.CSTNode | None = node
        while parent is not None and not hasattr(parent, "leading_lines"):
            parent = self.get_metadata(ParentNodeProvider, parent, None)
        return parent


def _text(node: cst.BaseExpression) -> str | None:
    return node.raw_value if isinstance(node, cst.SimpleString) else None


MODULES = [use for use in SDK_USES if use.kind == "module"]
NAMES = {use.name: use for use in SDK_USES if use.kind == "name"}
METHOD_NAMES = [use for use in SDK_USES if use.kind == "method"]
ARGUMENTS = [use for use in SDK_USES if use.kind in ("keyword", "value")]
ATTRIBUTES = [use for use in SDK_USES if use.kind == "attribute"]
SETTING = next(use for use in SDK_USES if use.kind == "setting")
