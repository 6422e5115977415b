"""What a difference between two contracts means to this client: how bad it is, and which code it touches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import evolve, frozen

from .changes import Change, Kind
from .compare import compare
from .conveniences import Convenience, conveniences
from .document import JsonObject
from .generated import GeneratedOperation, Property, operation_files, property_of

__all__ = ["Difference", "as_json", "as_markdown", "counts", "drift", "used", "worst"]

ERROR_ANSWER = re.compile(r"response ([345]\d\d|[345]XX|default)")
"""Errors are told by `answers`, which reads any body: what the contract says of them binds nobody."""

RENAMED = re.compile(r"operationId changed")
RETYPED = re.compile(r"type changed from .+ to (.+)")

SEVERITY = (Kind.BREAKING, Kind.ADDITIVE, Kind.COSMETIC)
MEANING = {
    Kind.BREAKING: "something that this client sends is refused, or something that it reads is gone or different",
    Kind.ADDITIVE: "this client goes on as before, and does not know of something yet",
    Kind.COSMETIC: "nothing that this client notices",
}


@frozen
class Difference:
    """A change of the contract, judged for this client.

    Attributes:
        change: what changed, with its kind for this client.
        generated: files of the generated package that it touches; `make generate` rewrites them.
        conveniences: hand-written functions (`module.name`) that send, or read, what changed.
    """

    change: Change
    generated: tuple[str, ...] = ()
    conveniences: tuple[str, ...] = ()


def drift(old: JsonObject, new: JsonObject) -> list[Difference]:
    """Judge what differs between two contracts: the one that this client was made for, and another one.

    Raises:
        NotOpenApi: a document is not what OpenAPI says, or refers to something that it does not define.
    """
    return [_judged(change) for change in compare(old, new)]


def worst(differences: Iterable[Difference]) -> Kind | None:
    """The kind of the worst difference; None without any."""
    kinds = {difference.change.kind for difference in differences}
    return next((kind for kind in SEVERITY if kind in kinds), None)


def used(differences: Iterable[Difference]) -> list[Difference]:
    """Those that this client notices, of the operations that its hand-written functions stand on."""
    modules = frozenset().union(*(each.operations for each in conveniences()))
    files = operation_files()
    return [
        difference
        for difference in differences
        if difference.change.kind is not Kind.COSMETIC
        and (operation := files.get(difference.change.operation)) is not None
        and operation.module in modules
    ]


def _judged(change: Change) -> Difference:
    operation = operation_files().get(change.operation)
    if operation is None:
        return Difference(change)  # of the whole document, or of an operation that nothing was generated for
    place = property_of(operation, change.location)
    above = [each for each in conveniences() if operation.module in each.operations]
    touched = _touched(change, above)
    kind = _kind(change, operation, place, touched)
    if kind is Kind.COSMETIC:
        return Difference(evolve(change, kind=kind))
    return Difference(
        change=evolve(change, kind=kind),
        generated=tuple(dict.fromkeys([operation.file, *_models(change, place)])),
        conveniences=tuple(sorted(each.name for each in touched)),
    )


def _kind(change: Change, operation: GeneratedOperation, place: Property, touched: Sequence[Convenience]) -> Kind:
    """The kind of a change for this client, which is often more tolerant than the contract asks for."""
    if ERROR_ANSWER.match(change.location):
        return Kind.COSMETIC
    if RENAMED.match(change.message):
        # Where the overlay gives the generated function a name of its own, the published one does not matter.
        own = operation.module.rpartition(".")[2]
        return change.kind if f"from '{own}'" in change.message else Kind.COSMETIC
    if change.kind is not Kind.BREAKING or not change.location.startswith("response"):
        return change.kind
    if change.message == "removed" and _leaf(change) and not place.known and not touched:
        return Kind.COSMETIC
    name = _leaf(change)
    retyped = RETYPED.match(change.message)
    tolerated = (
        (change.message == "may be null now" and place.may_be_null)
        or (change.message == "no longer required" and place.may_be_missing and not _needed(name, touched))
        or (retyped is not None and set(retyped[1].split(", ")) <= place.accepts)
    )
    return Kind.ADDITIVE if tolerated else change.kind


def _needed(name: str, touched: Iterable[Convenience]) -> bool:
    return any(name in each.needs for each in touched)


def _touched(change: Change, above: Sequence[Convenience]) -> list[Convenience]:
    """Of the functions that stand on an operation, those that have to do with what changed."""
    name = _leaf(change)
    if not change.location.startswith("response") or not name:
        return list(above)
    return [each for each in above if name in each.reads | each.needs]


def _models(change: Change, place: Property) -> tuple[str, ...]:
    return place.files if change.message == "removed" else (*place.files, *place.type_files)


def _leaf(change: Change) -> str:
    """The property that a change is about: `reason` of `response 200: state.reason`."""
    steps = re.findall(r"[^.\[\](){}]+(?![^(]*\))", change.location.partition(": ")[2])
    return str(steps[-1]) if steps else ""


def counts(differences: Iterable[Difference]) -> dict[str, int]:
    """How many differences there are of each kind."""
    counted = Counter(difference.change.kind for difference in differences)
    return {str(kind): counted[kind] for kind in SEVERITY}


def as_json(differences: Sequence[Difference], *, old: str, new: str) -> dict[str, Any]:
    """The differences as JSON values; `old` and `new` name the two contracts."""
    return {
        "from": old,
        "to": new,
        "counts": counts(differences),
        "differences": [
            {
                "kind": str(difference.change.kind),
                "operation": difference.change.operation,
                "location": difference.change.location,
                "message": difference.change.message,
                "generated": list(difference.generated),
                "conveniences": list(difference.conveniences),
            }
            for difference in differences
        ],
    }


def as_markdown(differences: Sequence[Difference], *, old: str, new: str) -> str:
    """The differences as a page in Markdown, the worst first."""
    return "\n".join(_page(differences, old, new)) + "\n"


def _page(differences: Sequence[Difference], old: str, new: str) -> Iterator[str]:
    yield f"# The contract: from {old} to {new}"
    yield ""
    yield ", ".join(f"{count} {kind}" for kind, count in counts(differences).items()) + "."
    for kind in SEVERITY:
        own = [difference for difference in differences if difference.change.kind is kind]
        if own:
            yield from ("", f"## {str(kind).capitalize()}", "", f"{MEANING[kind].capitalize()}.", "")
            yield from _table(own) if kind is not Kind.COSMETIC else map(_item, own)


def _table(differences: Sequence[Difference]) -> Iterator[str]:
    yield "| operation | where | what | generated | conveniences |"
    yield "|---|---|---|---|---|"
    for difference in differences:
        change = difference.change
        cells = [
            f"`{change.operation}`" if change.operation else "the document",
            f"`{change.location}`" if change.location else "",
            change.message,
            *("<br>".join(f"`{name}`" for name in names) for names in (difference.generated, difference.conveniences)),
        ]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _item(difference: Difference) -> str:
    change = difference.change
    place = ", ".join(f"`{part}`" for part in (change.operation, change.location) if part)
    return f"- {place}: {change.message}"
