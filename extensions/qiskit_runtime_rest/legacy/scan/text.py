"""Search text of any language for addresses, quoted keys and names of SDKs. The text is never changed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..sdk_table import SDK_USES, SdkUse
from ..table import Field, Route
from . import rules
from .addresses import HOLE, METHODS, Address, Evidence, addresses, holed, path_address, routes_of
from .findings import Hit, Lines
from .rules import TAKES_IAM, address_rule, classic_fields, field_named, is_ordinary

__all__ = ["find", "keys", "named_addresses"]

_VERB = "|".join(METHODS)
_NAMED = r"-X \s* | --request[ =] \s* | \b method [\"']? \s* [:=,(] \s* | \bRequestMethod[\"'] \s* , \s*"
METHOD_BEFORE = re.compile(
    rf"(?ix) (?: {_NAMED} | [\s.\"'(`] | ^ ) [\"'`]? (?P<method>{_VERB}) (?: \b | (?=_) ) (?! \s* = )"
)
METHOD_AFTER = re.compile(rf"(?ix) (?: {_NAMED} | \. ) [\"'`]? (?P<method>{_VERB}) \b")
WORDS = {
    "webread": "GET",
    "webwrite": "POST",
    "GetAsync": "GET",
    "GetFromJson": "GET",
    "PostAs": "POST",
    "PutAs": "PUT",
    "DeleteAsync": "DELETE",
}
BODY = re.compile(r"\s(?:-d|--data(?:-\w+)?|--json)\b")
LONGEST_COMMAND = 2000
COMMAND = re.compile(r"\bcurl\b(?:[^\n]|(?<=\\)\n)*$")
AFTER, BEFORE = 300, 120
"""The number of characters around an address that may belong to its call, within the statement."""

QUOTED_PATH = re.compile(rf"(?<=[\"'`\s{HOLE}])(?P<path>/[\w.~%/{HOLE}-]+(?:\?[^\s\"'`<>]*)?)")
RELATIVE_PATH = re.compile(rf"(?<=(?P<quote>[\"'`]))(?P<path>[a-z]\w*/[\w.~%/{HOLE}-]*)(?=(?P=quote))")
"""A path of two parts or more, without a slash before it. In backticks only those of templates: others are Markdown."""
WORD_PATH = re.compile(
    r"(?i)(?:(?<![\w.])(?:get|post|put|patch|delete)(?:_\w+)?\(\s*(?:\w+\s*,\s*)?|\breturn\s+)"
    r"(?P<quote>[\"'])(?P<path>[a-z]\w*)(?P=quote)"
)
"""A path of one part: in the call of a function that is named for its method, or returned."""
TRIPLE = re.compile(r"(?s:\"{3}.*?\"{3})")
"""Strings in three quotes. Nothing before them on their line: docstrings."""
KEYS = re.compile(
    # "hub": ...; struct('hub', ...); body["hub"]; `x-access-token`=...; {'x-access-token' token}
    r"(?P<quote>\\?[\"'`])(?P<name>[\w-]+)(?P=quote)(?=\s*(?:[:,\]]|=(?!=))|[ \t]+[\w.()]+\s*[,;}])"
    # list(apiToken=...), new { hub = ... }; no defaults of parameters
    r"|(?<=[\"'`])(?P<distinct>(?i:x-access-token))(?=[\"'`](?!\s*==))"  # headers.remove("x-access-token")
    r"|(?:(?<=[(,{])|(?<=[,{]\s))(?P<keyword>\w+)(?=\s*=(?![=>])(?!\s*(?:nothing|None|null|nil|undefined)\b))"
    r"|(?<=\w\.)(?<!\bthis\.)(?<!\bself\.)(?P<attribute>\w+)(?=\s*=(?![=>]))"  # body.hub = ...
    r"|(?:(?<=json:\")|(?<=rename = \")|(?<=Name\(\")|(?<=JsonProperty\(\"))(?P<tag>[\w-]+)"  # Hub string `json:"hub"`
    r"|(?<=[{,]\s)(?P<short>hub|group|project)(?=\s*[,}])(?=[^(){}]{0,200}\})"  # { hub, group, project }
    r"|(?<![\w\"'.$/-])(?P<word>[\w-]+)(?=\s*:\s)(?!\s*:\s+(?:string|number|boolean|any|unknown)\b)"  # hub: ...
    r"|(?<=-H )[\"']?(?P<header>[\w-]+)(?=:)"
    r"|(?<=[?&])(?P<query>\w+)(?==)"
)
BEARER = re.compile(r"(?i)\bauthorization\b[\"'`]?[^\n;{}]{0,30}\bbearer\b")
"""An API token in the header that the classic API accepted besides its own."""
ADDED_TO = re.compile(r"(\w+)\s*(?:[+.,&]|\.\.|<>)?\s*[\"'`]$")

OWN_FILES = re.compile(r"\b(?:open|readFile|import|require|from|cd|ls|mkdir|cp|mv|rm)\b[\s(]*[\"'`]?$")
"""Words before the path of a file."""


def find(text: str, evidence: Evidence, imported: Mapping[str, str] | None = None) -> list[Hit]:
    """All findings in `text`. `evidence`: that of the whole file; `imported`: addresses by their names elsewhere."""
    if not evidence:
        return []
    lines = Lines(text)
    hits: list[Hit] = []
    if evidence.addresses:
        hits += _addresses(text, lines, imported or {})
        hits += _relative(text, lines)
    if evidence.fields:
        hits += _fields(text, lines)
        hits += _bearers(text, lines)
    hits += _sdk(text, lines)
    return sorted(set(hits), key=lambda hit: (hit.line, hit.column, hit.rule.id))


def _addresses(text: str, lines: Lines, imported: Mapping[str, str]) -> Iterator[Hit]:
    searched = holed(text)
    bases = {**imported, **named_addresses(text)}
    hosts = {name: address.host for name, url in bases.items() for address in addresses(url)}
    starts, ends = [-1], [-1]
    for address in addresses(searched):
        starts.append(address.start)
        ends.append(address.end)
        yield _hit(text, lines, address)
    for match in QUOTED_PATH.finditer(searched):
        start = match.start("path")
        found = path_address(match["path"])
        if found is None or start < ends[bisect_right(starts, start) - 1]:
            continue
        bare = text[start - 1] not in "\"'`" and searched[start - 1] != HOLE
        if bare and not re.search(rf"\b(?:{_VERB})\s+$", text[max(0, start - 9) : start]):
            continue  # a path in a sentence, or the path of a file
        name = _name_before(text, searched, start)
        if name in bases.keys() - hosts.keys():
            continue  # an address of another service
        moved = _shifted(found, start)
        if not _routes(text, moved):
            moved = replace(moved, host=hosts.get(name))
        elif OWN_FILES.search(text[max(0, start - 40) : start]):
            continue
        if moved.host or _routes(text, moved):
            yield _hit(text, lines, moved)


def _relative(text: str, lines: Lines) -> Iterator[Hit]:
    """Paths without a slash before them, which a function of the program joins with the address."""
    calls = TRIPLE.sub(lambda found: found[0] if _after_code(text, found.start()) else " " * len(found[0]), text)
    for match in (*RELATIVE_PATH.finditer(holed(calls)), *WORD_PATH.finditer(calls)):
        start, end = match.span("path")
        path = f"/{match['path']}".rstrip("/")
        address = Address(start=start, end=end, host=None, scheme="", base_end=start, path=path, query="")
        is_text = match["quote"] != "`" or "${" in text[start:end]
        if is_text and _routes(text, address) and not OWN_FILES.search(text[max(0, start - 40) : start]):
            yield _hit(text, lines, address)


def _after_code(text: str, end: int) -> bool:
    return bool(text[max(0, end - BEFORE) : end].rpartition("\n")[2].strip())


def _name_before(text: str, searched: str, end: int) -> str:
    """The name before a path: `${BASE}/jobs`, `BASE + "/jobs"`."""
    start = end
    while start and searched[start - 1] == HOLE:
        start -= 1
    if start < end:
        words: list[str] = re.findall(r"\w+", text[start:end])
        return words[-1] if words else ""
    added = ADDED_TO.search(text[max(0, end - BEFORE) : end])
    return added[1] if added else ""


def named_addresses(text: str) -> dict[str, str]:
    """The addresses of names and members in a text of any language, classic or not."""
    return dict(
        re.findall(r"(?<!\w)(\w++)[\"']?\s*+(?::\s*+\w++\s*+)?[:=]++\s*+[\"'`]?((?:https?|wss?)://[^\s\"'`]+)", text)
    )


def _shifted(address: Address, by: int) -> Address:
    return Address(
        start=address.start + by,
        end=address.end + by,
        host=None,
        scheme="",
        base_end=address.base_end + by,
        path=address.path,
        query=address.query,
    )


def _routes(text: str, address: Address) -> tuple[Route, ...]:
    path = address.path
    if text[address.end - 1 : address.end] == "/":
        path += "/" + HOLE  # the program adds something after the string
    return routes_of(path, _method(text, address))


def _method(text: str, address: Address) -> str | None:
    """The method in the statement of an address; None if it names none."""
    if address.scheme.startswith("ws"):
        return "GET"
    before = re.split(r"\n(?<!\\\n)(?<!\\\r\n)|;", text[max(0, address.start - BEFORE) : address.start])[-1]
    after = re.split(r"(?<!\\)\r?\n(?!\s)|;|\n\s*\n", text[address.end : address.end + AFTER])[0]
    found = [match["method"].upper() for match in METHOD_BEFORE.finditer(before)]
    found += [method for word, method in WORDS.items() if word in before]
    if found:
        return found[-1]
    later = METHOD_AFTER.search(after)
    if later:
        return later["method"].upper()
    command = COMMAND.search(text, max(0, address.start - LONGEST_COMMAND), address.start)
    line = command[0] if command else before
    if BODY.search(line) or BODY.search(re.split(r"(?<!\\)\n", after)[0]):
        return "POST"
    return "GET" if re.search(r"\bcurl\b", line) else None


def _hit(text: str, lines: Lines, address: Address) -> Hit:
    rule, becomes = address_rule(address, _routes(text, address))
    line, column = lines.at(address.start)
    found = text[address.start : address.end]
    return Hit(line=line, column=column, found=found, rule=rule, becomes=becomes)


def _fields(text: str, lines: Lines) -> Iterator[Hit]:
    found = keys(text)
    certain = classic_fields(field.name for _, field in found)
    for match, field in found:
        if is_ordinary(field) and not certain:
            continue
        if (
            is_ordinary(field)
            and match["word"]
            and not text[max(0, match.start() - BEFORE) : match.start()].rstrip().endswith(("{", ","))
        ):
            continue  # YAML or a sentence; a key of an object follows one of these
        line, column = lines.at(match.start(match.lastgroup or 0))
        rule = rules.field_rule(field)
        yield Hit(line=line, column=column, found=_name(match), rule=rule, becomes=rule.becomes)


def _bearers(text: str, lines: Lines) -> Iterator[Hit]:
    """API tokens as bearer tokens, in files that do not speak to a service that takes IAM tokens."""
    if not TAKES_IAM.search(text):
        rule = rules.field_rule(rules.TOKEN)
        for match in BEARER.finditer(text):
            line, column = lines.at(match.start())
            yield Hit(line=line, column=column, found=match[0][: len("authorization")], rule=rule, becomes=rule.becomes)


def keys(text: str) -> list[tuple[re.Match[str], Field]]:
    """Possible headers, parameters and keys of the classic API. Some names are ordinary words."""
    return [(match, field) for match in KEYS.finditer(text) if (field := field_named(_name(match)))]


def _name(match: re.Match[str]) -> str:
    return match[match.lastgroup or 0]


def _spellings(use: SdkUse) -> str | None:
    """The pattern of a use in any text; None if only a parser can find it."""
    name, _, value = use.name.partition("=" if "=" in use.name else ": ")
    *before, last = map(re.escape, use.name.split("."))
    match use.kind:
        case "package":
            return rf"(?<![\w-]){re.escape(use.name)}(?![\w-])"
        case "module":
            return rf"\b{re.escape(use.name)}\b"
        case "name" if len(before) > 1:
            return rf"\b{before[-1]}\.{last}\b"
        case "name":
            return rf"\bfrom\s+{'.'.join(before)}\s+import\s+[^\n]{{0,500}}?\b{last}\b"
        case "method":
            return rf"\.{re.escape(use.name)}\("
        case "value" if use.v1:
            return rf"\b{name}\s*=\s*(?P<quoted>[\"']){value}(?P=quoted)"
        case "setting":
            return rf"\b{name}[\"']?\s*[:=]\s*[\"']?{value}\b(?![\w-])"
        case _:
            return None


SDK = [(use, re.compile(pattern)) for use in SDK_USES if (pattern := _spellings(use))]


def _sdk(text: str, lines: Lines) -> Iterator[Hit]:
    ends: set[int] = set()
    starts: set[int] = set()
    for use, pattern in SDK:
        rule = rules.sdk_rule(use)
        for match in pattern.finditer(text):
            if match.start() in starts or match.end() in ends:
                continue  # another row has matched the same words
            starts.add(match.start())
            ends.add(match.end())
            line, column = lines.at(match.start())
            found = match[0].rstrip("(").lstrip(".")
            yield Hit(line=line, column=column, found=found, rule=rule, becomes=rule.becomes)
