"""Judge the differences between two contracts for this client: how bad they are, and which code they touch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import evolve, frozen

from .changes import Change, Kind
from .compare import compare
from .document import JsonObject
from .generated import GeneratedOperation, Property, operation_files, property_of

__all__ = ["Difference", "as_json", "as_markdown", "counts", "drift", "used", "worst"]

ERROR_ANSWER = re.compile(r"response ([345]\d\d|[345]XX|default)")
"""Error responses: the error mapping reads any body, so changes of their schemas do not matter."""

RENAMED = re.compile(r"operationId changed")
RETYPED = re.compile(r"type changed from .+ to (.+)")

SEVERITY = (Kind.BREAKING, Kind.ADDITIVE, Kind.COSMETIC)
MEANING = {
    Kind.BREAKING: "the service refuses something that this client sends, or lacks something that this client reads",
    Kind.ADDITIVE: "this client works as before, and does not know something new yet",
    Kind.COSMETIC: "no effect on this client",
}

Uses: TypeAlias = Mapping[str, Collection[str]]
"""Public methods, each with the operations that it sends: `client.operations.OPERATIONS`."""


@frozen
class Difference:
    """A change of the contract, judged for this client.

    Attributes:
        change: what changed, with its kind for this client.
        generated: files of the generated package that it touches; `make generate` rewrites them.
        conveniences: public methods that it touches, such as `Job.wait`.
    """

    change: Change
    generated: tuple[str, ...] = ()
    conveniences: tuple[str, ...] = ()


def drift(old: JsonObject, new: JsonObject, *, uses: Uses) -> list[Difference]:
    """Judge the differences between two contracts: the one that this client was made for, and another one.

    Raises:
        NotOpenApi: a document is not valid OpenAPI, or refers to something that it does not define.
    """
    return [_judged(change, uses) for change in compare(old, new)]


def worst(differences: Iterable[Difference]) -> Kind | None:
    """The kind of the worst difference; None without any."""
    kinds = {difference.change.kind for difference in differences}
    return next((kind for kind in SEVERITY if kind in kinds), None)


def used(differences: Iterable[Difference], *, uses: Uses) -> list[Difference]:
    """Those that this client notices, of the operations that its public methods send."""
    sent = {module for modules in uses.values() for module in modules}
    files = operation_files()
    return [
        difference
        for difference in differences
        if difference.change.kind is not Kind.COSMETIC
        and (operation := files.get(difference.change.operation)) is not None
        and operation.module in sent
    ]


def _judged(change: Change, uses: Uses) -> Difference:
    operation = operation_files().get(change.operation)
    if operation is None:
        return Difference(change)  # of the whole document, or of an operation without a generated function
    place = property_of(operation, change.location)
    kind = _kind(change, operation, place)
    if kind is Kind.COSMETIC:
        return Difference(evolve(change, kind=kind))
    of_response = change.location.startswith("response") and bool(_leaf(change))
    return Difference(
        change=evolve(change, kind=kind),
        generated=tuple(dict.fromkeys([operation.file, *_models(change, place)])),
        # A property that the models do not have yet is read by no method.
        conveniences=() if of_response and not place.known else _senders(operation.module, uses),
    )


def _senders(module: str, uses: Uses) -> tuple[str, ...]:
    return tuple(sorted(name for name, modules in uses.items() if module in modules))


def _kind(change: Change, operation: GeneratedOperation, place: Property) -> Kind:
    """The kind of a change for this client, which tolerates more than the contract demands."""
    if ERROR_ANSWER.match(change.location):
        return Kind.COSMETIC
    if RENAMED.match(change.message):
        # The published name does not matter where the overlay renames the operation.
        own = operation.module.rpartition(".")[2]
        return change.kind if f"from '{own}'" in change.message else Kind.COSMETIC
    if change.kind is not Kind.BREAKING or not change.location.startswith("response"):
        return change.kind
    if change.message == "removed" and _leaf(change) and not place.known:
        return Kind.COSMETIC
    retyped = RETYPED.match(change.message)
    tolerated = (
        (change.message == "may be null now" and place.may_be_null)
        or (change.message == "no longer required" and place.may_be_missing)
        or (retyped is not None and set(retyped[1].split(", ")) <= place.accepts)
    )
    return Kind.ADDITIVE if tolerated else change.kind


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
