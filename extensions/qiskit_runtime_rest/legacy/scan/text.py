"""Search text of any language for addresses, quoted keys and names of SDKs. The text is never changed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from ..sdk_table import SDK_USES, SdkUse
from ..table import Field, Route
from . import rules
from .addresses import HOLE, METHODS, Address, Evidence, addresses, holed, path_address, routes_of
from .findings import Hit, Lines
from .rules import address_rule, classic_fields, field_named, is_ordinary

__all__ = ["find", "keys"]

_VERB = "|".join(METHODS)
_NAMED = r"-X \s* | --request[ =] \s* | \b method [\"']? \s* [:=,(] \s* | \bRequestMethod[\"'] \s* , \s*"
METHOD_BEFORE = re.compile(rf"(?ix) (?: {_NAMED} | [\s.\"'(`] | ^ ) [\"'`]? (?P<method>{_VERB}) \b (?! \s* = )")
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
AFTER, BEFORE = 300, 120
"""The number of characters around an address that may belong to its call, within the statement."""

QUOTED_PATH = re.compile(rf"(?<=[\"'`\s{HOLE}])(?P<path>/[\w.~%/{HOLE}-]+(?:\?[^\s\"'`<>]*)?)")
KEYS = re.compile(
    # "hub": ...; struct('hub', ...); body["hub"]; `x-access-token`=...; {'x-access-token' token}
    r"(?P<quote>\\?[\"'`])(?P<name>[\w-]+)(?P=quote)(?=\s*(?:[:,\]]|=(?!=))|[ \t]+[\w.()]+\s*[,;}])"
    r"|(?:(?<=[(,{])|(?<=[,{]\s))(?P<keyword>\w+)(?=\s*=(?![=>]))"  # list(apiToken=...), new { hub = ... }
    r"|(?<=\w\.)(?P<attribute>\w+)(?=\s*=(?![=>]))"  # body.hub = ...
    r"|(?:(?<=json:\")|(?<=rename = \")|(?<=Name\(\")|(?<=JsonProperty\(\"))(?P<tag>[\w-]+)"  # Hub string `json:"hub"`
    r"|(?<=[{,]\s)(?P<short>hub|group|project)(?=\s*[,}])(?=[^(){}]{0,200}\})"  # { hub, group, project }
    r"|(?<![\w\"'.$/-])(?P<word>[\w-]+)(?=\s*:\s)(?!\s*:\s+(?:string|number|boolean|any|unknown)\b)"  # hub: ...
    r"|(?<=-H )[\"']?(?P<header>[\w-]+)(?=:)"
    r"|(?<=[?&])(?P<query>\w+)(?==)"
)
ADDED_TO = re.compile(r"(\w+)\s*(?:[+.,&]|\.\.|<>)?\s*[\"'`]$")

OWN_FILES = re.compile(r"\b(?:open|readFile|import|require|from|cd|ls|mkdir|cp|mv|rm)\b[\s(]*[\"'`]?$")
"""Words before the path of a file."""


def find(text: str, evidence: Evidence) -> list[Hit]:
    """All findings in `text`. `evidence`: that of the whole file."""
    if not evidence:
        return []
    lines = Lines(text)
    hits: list[Hit] = []
    if evidence.addresses:
        hits += _addresses(text, lines)
    if evidence.fields:
        hits += _fields(text, lines)
    hits += _sdk(text, lines)
    return sorted(set(hits), key=lambda hit: (hit.line, hit.column, hit.rule.id))


def _addresses(text: str, lines: Lines) -> Iterator[Hit]:
    searched = holed(text)
    elsewhere = _other_bases(text)
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
        if _name_before(text, searched, start) in elsewhere:
            continue
        moved = _shifted(found, start)
        if _routes(text, moved) and (not OWN_FILES.search(text[max(0, start - 40) : start])):
            yield _hit(text, lines, moved)


def _name_before(text: str, searched: str, end: int) -> str:
    """The name before a path: `${BASE}/jobs`, `BASE + "/jobs"`."""
    start = end
    while start and searched[start - 1] == HOLE:
        start -= 1
    if start < end:
        return "".join(re.findall(r"\w+", text[start:end]))
    added = ADDED_TO.search(text[max(0, end - BEFORE) : end])
    return added[1] if added else ""


def _other_bases(text: str) -> set[str]:
    """Names of addresses that are not classic."""
    named = re.findall(
        r"(?<!\w)(\w++)[\"']?\s*+(?::\s*+\w++\s*+)?[:=]++\s*+[\"'`]?((?:https?|wss?)://[^\s\"'`]+)", text
    )
    return {name for name, url in named if not any(addresses(url))}


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
    if BODY.search(before) or BODY.search(re.split(r"(?<!\\)\n", after)[0]):
        return "POST"
    return "GET" if re.search(r"\bcurl\b", before) else None


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
