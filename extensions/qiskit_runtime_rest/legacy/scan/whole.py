"""Decide whether the classic calls of a file can be rewritten whole: address, headers, body, and reading of the answer.

A file whose calls are rewritten in part runs neither on v1 nor with `qrr legacy run`. So all of them are rewritten, or
none. Only what is seen is rewritten: calls of requests and httpx, their headers and bodies as dictionaries, and a token
that a login in the file returned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import libcst as cst
import libcst.matchers as m

from ...config.api_versions import API_VERSION
from ..table import FIELDS, ROUTES, Route
from . import rules
from .addresses import addresses, routes_of
from .edits import Edits, Replacement
from .facts import VERBS, Facts, dotted

__all__ = ["WholeCalls"]

LOGIN, LIST_JOBS, SUBMIT, BACKENDS = (
    next(route for route in ROUTES if (route.method, route.path) == one)
    for one in (("POST", "/users/loginWithToken"), ("GET", "/jobs"), ("POST", "/jobs"), ("GET", "/backends"))
)
REWRITTEN = (LOGIN, LIST_JOBS, SUBMIT, BACKENDS)
"""Calls that need more than another address, and are rewritten all the same."""

GRANT = "urn:ibm:params:oauth:grant-type:apikey"
INSTANCE = 'os.environ["QISKIT_IBM_INSTANCE"]'
"""Where a rewritten program finds the CRN of its instance."""
VERSION_HEADER = "IBM-API-Version"
"""Without it, v1 answers in its oldest version."""
TOKEN_HEADER = next(field.name for field in FIELDS if field.where == "header")
INSTANCE_KEYS = {"hub", "group", "project", "instance"}
SESSIONS = ("requests.Session", "requests.session", "httpx.Client")
LIBRARIES = ("requests.", "httpx.")
ARGUMENTS = {"url", "params", "headers", "json", "data", "timeout", "verify", "stream"}
CHANGING = (".update", ".pop", ".setdefault", ".append")
V2_PROGRAMS = ("sampler", "estimator")
JOB = {"program_id", "backend", "params", "tags", "private", "cost", "log_level", *INSTANCE_KEYS}
JOB |= {field.name for field in FIELDS if field.safe and field.v1 in JOB}
ONLY_CLASSIC = {"hub", "group", "project", "reasonCode", "quasi_dists", "values", "creationDate", "programId", "ttl"}
"""Members of answers that v1 does not have."""
OF_RESPONSES = {"raise_for_status", "status_code", "ok"}


class WholeCalls:
    """The classic calls of all modules of a file.

    Attributes:
        possible: whether all of them can be rewritten whole.
        edits: the changes of headers, bodies and answers.
        keys: the keys of dictionaries that `edits` replaces.
    """

    def __init__(self, modules: Collection[tuple[cst.Module, Mapping[cst.CSTNode, cst.CSTNode]]], facts: Facts) -> None:
        """Look at the calls of `modules`, each with the parents of its nodes."""
        self._facts = facts
        self._modules = [module for module, _ in modules]
        self._parents = {node: parent for _, parents in modules for node, parent in parents.items()}
        self._routes: dict[cst.Call, Route] = {}
        self._urls: set[cst.CSTNode] = set()
        self._tokens: set[str] = set()  # names of functions that return a token
        self._token_nodes: set[cst.CSTNode] = set()
        self._changed = self._changed_dictionaries()
        self.edits = Edits()
        self.keys: set[cst.CSTNode] = set()
        self.possible = (
            bool(facts.classic)
            and all(self._has_route(call) for call in facts.classic)
            and all(self._logs_in(call) for call, route in self._routes.items() if route is LOGIN)
            and all(self._is_whole(call, route) for call, route in self._routes.items())
            and all(self.is_placed(name) for name in self._names())
            and not facts.lookups & ONLY_CLASSIC
            and self._reads_devices()
        )

    def is_placed(self, node: cst.CSTNode) -> bool:
        """Whether an address belongs to one of these calls, or is the value of a name."""
        while not isinstance(node, cst.BaseStatement | cst.Module):
            if node in self._urls:
                return True
            parent = self._parents[node]
            if isinstance(parent, cst.Assign | cst.AnnAssign):
                return parent.value is node and self._facts.constants.template(parent.value) is not None
            node = parent
        return False

    def is_done(self, routes: Iterable[Route]) -> bool:
        """Whether nothing of these calls is left to change, if they are rewritten whole."""
        return all(route in REWRITTEN or not rules.leftover(route) for route in routes)

    def _all(self, matcher: m.BaseMatcherNode) -> list[cst.CSTNode]:
        return [node for module in self._modules for node in m.findall(module, matcher)]

    def _names(self) -> Iterator[cst.CSTNode]:
        """The uses of names with a classic address."""
        for node in self._all(m.Name() | m.Attribute()):
            parent = self._parents[node]
            is_keyword = isinstance(parent, cst.Arg) and parent.keyword is node
            is_target = isinstance(parent, cst.AnnAssign) and parent.target is node
            is_parameter = isinstance(parent, cst.Param) and parent.name is node
            if not (is_keyword or is_target or is_parameter or isinstance(parent, cst.AssignTarget)):
                assert isinstance(node, cst.BaseExpression)
                if self._facts.is_classic(self._facts.constants.template(node)):
                    yield node

    def _changed_dictionaries(self) -> set[str]:
        """The names of what is changed after it was made."""
        targets = m.AssignTarget(target=m.Subscript()) | m.Del(target=m.Subscript())
        subscripts = [node.target for node in self._all(targets) if isinstance(node, cst.AssignTarget | cst.Del)]
        changed = {dotted(node.value) for node in subscripts if isinstance(node, cst.Subscript)}
        methods = [node for node in self._all(m.Call()) if dotted(node.func).endswith(CHANGING)]  # type: ignore[attr-defined]
        return changed | {dotted(call.func).rpartition(".")[0] for call in methods}  # type: ignore[attr-defined]

    # Calls

    def _has_route(self, call: cst.Call) -> bool:
        """Whether it is a call of requests or httpx to one classic route, with arguments that are understood."""
        owner, _, method = dotted(call.func).rpartition(".")
        given = [argument for argument in call.args if argument.keyword is None]
        named = {argument.keyword.value: argument.value for argument in call.args if argument.keyword is not None}
        url = given[0].value if given else named.get("url")
        if method not in VERBS or len(given) > 1 or url is None or not named.keys() <= ARGUMENTS:
            return False
        if not self._facts.full_name(call.func).startswith(LIBRARIES) and not self._is_session(owner):
            return False
        template = self._facts.constants.template(url)
        text = "".join(piece.text for piece in template or ())
        found = next(addresses(text), None)
        routes = routes_of(found.path, VERBS[method]) if found is not None and found.start == 0 else ()
        if len(routes) != 1 or not self.is_done(routes):
            return False
        self._routes[call] = routes[0]
        self._urls.add(url)
        return True

    def _is_session(self, name: str) -> bool:
        made = self._facts.constants.value(name) if name else None
        return isinstance(made, cst.Call) and self._facts.full_name(made.func) in SESSIONS

    def _is_whole(self, call: cst.Call, route: Route) -> bool:
        named = {argument.keyword.value: argument.value for argument in call.args if argument.keyword is not None}
        if route is LOGIN:
            return named.keys() <= {"url", "json", "timeout", "verify"}
        headers = named.get("headers") or self._session_headers(dotted(call.func).rpartition(".")[0])
        body = self._body(named)
        return (
            headers is not None
            and self._headers(headers)
            and ("params" not in named or self._without_instance(named["params"]))
            and (body is None or self._without_instance(body))
            and (route is not SUBMIT or (body is not None and self._is_v2(body)))
        )

    def _dictionary(self, node: cst.BaseExpression) -> dict[str, cst.DictElement] | None:
        """The elements of a dictionary by their keys, if all of them are seen."""
        name = dotted(node)
        made = self._facts.constants.value(name) if name and name not in self._changed else node
        if not isinstance(made, cst.Dict):
            return None
        found = {
            element.key.raw_value: element
            for element in made.elements
            if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString)
        }
        return found if len(found) == len(made.elements) else None

    def _body(self, named: Mapping[str, cst.BaseExpression]) -> cst.BaseExpression | None:
        body = named.get("json") or named.get("data")
        if isinstance(body, cst.Call) and self._facts.full_name(body.func) == "json.dumps" and len(body.args) == 1:
            return body.args[0].value
        return body

    def _without_instance(self, node: cst.BaseExpression) -> bool:
        """Remove hub, group and project, which a header replaces."""
        elements = self._dictionary(node)
        if elements is None:
            return False
        removed = [elements[key] for key in elements.keys() & {*INSTANCE_KEYS, "provider"}]
        for element in removed:
            self._replace(element, lambda _: [])
        return not any(
            m.findall(element.comma, m.Comment()) for element in removed if isinstance(element.comma, cst.Comma)
        )

    def _is_v2(self, body: cst.BaseExpression) -> bool:
        """Whether it is the body of a job of the V2 primitives."""
        job = self._dictionary(body) or {}
        program = next((job[key].value for key in ("program_id", "programId") if key in job), None)
        named = isinstance(program, cst.SimpleString) and program.raw_value in V2_PROGRAMS
        params = self._dictionary(job["params"].value) or {} if "params" in job else {}
        version = params["version"].value if "version" in params else None
        is_two = isinstance(version, cst.Integer) and version.value == "2"
        return named and "backend" in job and "pubs" in params and is_two and job.keys() <= JOB

    # Headers

    def _session_headers(self, session: str) -> cst.BaseExpression | None:
        """The headers that the program gives a session once."""
        updates = [
            call.args[0].value
            for call in self._all(m.Call(args=[m.Arg()]))
            if isinstance(call, cst.Call) and session and dotted(call.func) == f"{session}.headers.update"
        ]
        return updates[0] if len(updates) == 1 and self._is_session(session) else None

    def _headers(self, node: cst.BaseExpression) -> bool:
        elements = self._dictionary(node) or {}
        names = {name.lower(): name for name in elements}
        if TOKEN_HEADER not in names or "authorization" in names:
            return False
        token = elements[names[TOKEN_HEADER]]
        self._replace(token, _bearer)
        return self._is_token(token.value)

    def _replace(self, element: cst.DictElement, make: Replacement) -> None:
        self.edits.elements[element] = make
        self.keys.add(element.key)

    # Login

    def _logs_in(self, call: cst.Call) -> bool:
        """Exchange the API key at IAM, and read the token of its answer."""
        body = next((one for one in call.args if one.keyword is not None and one.keyword.value == "json"), None)
        elements = self._dictionary(body.value) if body is not None else None
        if body is None or body.keyword is None or elements is None or elements.keys() != {"apiToken"}:
            return False
        self.edits.names[body.keyword] = "data"
        self._replace(elements["apiToken"], _api_key)
        return all(self._reads_token(use) for use in self._uses(call))

    def _uses(self, made: cst.BaseExpression) -> list[cst.CSTNode]:
        """A value, or the uses of the name that it is assigned to."""
        parent = self._parents[made]
        if not isinstance(parent, cst.Assign):
            return [made]
        name = dotted(parent.targets[0].target)
        if self._facts.constants.value(name) is not made:
            return [made]
        return [node for node in self._all(m.Name(name)) if not isinstance(self._parents[node], cst.AssignTarget)]

    def _reads_token(self, response: cst.CSTNode) -> bool:
        member = self._parents[response]
        if isinstance(member, cst.Attribute) and member.attr.value in OF_RESPONSES:
            return True
        asked = self._parents[member]
        if not (isinstance(asked, cst.Call) and isinstance(member, cst.Attribute) and member.attr.value == "json"):
            return False
        read = self._parents[asked]
        key = _key_of(read)
        if key is None or key.raw_value != "id":
            return False
        self.edits.texts[key].add((0, len("id"), "access_token"))
        holder = self._parents[read]
        if isinstance(holder, cst.Return):
            self._tokens.add(self._function_of(holder))
        self._token_nodes.add(read)
        return True

    def _function_of(self, node: cst.CSTNode) -> str:
        while not isinstance(node, cst.FunctionDef | cst.Module):
            node = self._parents[node]
        return node.name.value if isinstance(node, cst.FunctionDef) else ""

    def _is_token(self, node: cst.BaseExpression) -> bool:
        if node in self._token_nodes:
            return True
        name = dotted(node)
        if isinstance(node, cst.Call):
            return name in self._tokens
        made = self._facts.constants.value(name) if name else None
        return made is not None and made is not node and (made in self._token_nodes or self._is_token(made))

    # Answers

    def _reads_devices(self) -> bool:
        """Read the names of devices, which are objects now."""
        if BACKENDS not in self._routes.values():
            return True
        found = [node for node in self._all(m.Subscript()) if (key := _key_of(node)) and key.raw_value == "devices"]
        self.edits.device_names |= set(found)
        return bool(found)


def _key_of(node: cst.CSTNode) -> cst.SimpleString | None:
    """The text in brackets."""
    if not isinstance(node, cst.Subscript) or len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
        return None
    key = node.slice[0].slice.value
    return key if isinstance(key, cst.SimpleString) else None


def _bearer(token: cst.BaseExpression) -> list[tuple[str, cst.BaseExpression]]:
    bearer = cst.BinaryOperation(cst.SimpleString('"Bearer "'), cst.Add(), token)
    version = cst.SimpleString(f'"{API_VERSION}"')
    return [("Authorization", bearer), (VERSION_HEADER, version), ("Service-CRN", cst.parse_expression(INSTANCE))]


def _api_key(key: cst.BaseExpression) -> list[tuple[str, cst.BaseExpression]]:
    return [("grant_type", cst.SimpleString(f'"{GRANT}"')), ("apikey", key)]
