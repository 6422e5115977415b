"""The table as Markdown, and what it says."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from qiskit_runtime_rest.contract.generated import operation_files

from .items import ASPECTS, items
from .record import CHECK, Fact, Item

__all__ = ["PAGE", "chosen", "claims", "render"]

PAGE = "docs/coverage.md"
MOST_FILES = 2
"""How many test files are named in a cell, unless it takes more to show all that is tested."""

HEAD = """\
# What of the contract is tested, and where

`make coverage` writes this page from a run of the tests and of `make contract`; `make test` fails where it is no longer
what the tests show.

Each cell names what was met, and who met it: at most two test files, unless it takes more to show everything, and
`make contract`, which asks the [embedded service](contract-check.md) only. **missing** is what nothing met.

- *generated call*: `sync` and `asyncio` of the operation's module in `qiskit_runtime_api.api`.
- *convenience*: the hand-written methods whose source leads to the operation, each seen to ask for it.
  `Client` stands for `RuntimeClient` and `AsyncRuntimeClient`, each other name for both of its kinds, and `Submit` for
  whatever jobs are submitted through.
- *documented statuses*: those that the contract lists for the operation, each seen as an answer.
- *API versions*: the `IBM-API-Version` of requests that were answered.
"""


def chosen(facts: Collection[Fact]) -> frozenset[Fact]:
    """Those of the facts that the table shows."""
    return frozenset(
        Fact(item, where)
        for row in items().values()
        for cell in row.values()
        for where, found in _places(cell, facts).items()
        for item in found
    )


def _places(cell: Sequence[Item], facts: Collection[Fact]) -> dict[str, list[Item]]:
    """The test files that together meet most of a cell's items, best first; `make contract` comes last."""
    met: dict[str, list[Item]] = {}
    for item, where in sorted(facts):
        if item in cell:
            met.setdefault(where, []).append(item)
    check = met.pop(CHECK, None)
    places: dict[str, list[Item]] = {}
    open_ = set(cell)
    while met:
        best = min(met, key=lambda where: (-len(open_ & set(met[where])), -len(met[where]), where))
        if len(places) >= MOST_FILES and not open_ & set(met[best]):
            break
        places[best] = met.pop(best)
        open_ -= set(places[best])
    return places | ({CHECK: check} if check else {})


def render(facts: Collection[Fact]) -> str:
    """The page that shows these facts."""
    shown = chosen(facts)
    rows = [
        f"| `{operation}`<br>`{operation_files()[operation].module}` | "
        + " | ".join(_cell(cell, shown) for cell in row.values())
        + " |"
        for operation, row in items().items()
    ]
    head = ["operation", *ASPECTS.values()]
    table = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows]
    return "\n".join([HEAD, *_summary(shown), "", *table, ""])


def _summary(facts: Collection[Fact]) -> Iterator[str]:
    met = {item for item, _ in facts}
    for aspect, name in ASPECTS.items():
        wanted = [item for row in items().values() for item in row[aspect]]
        operations = {item.operation for item in wanted if item in met}
        of_all = f"of {len({item.operation for item in wanted})} operations"
        yield f"- **{name}**: {len(met & set(wanted))} of {len(wanted)} met, {len(operations)} {of_all}"


def _cell(cell: Sequence[Item], facts: Collection[Fact]) -> str:
    if not cell:
        return "none"
    places = _places(cell, facts)
    met = {item for found in places.values() for item in found}
    lines = [f"{_link(where)}: {_names(found, cell)}" for where, found in places.items()]
    missing = [item for item in cell if item not in met]
    return "<br>".join([*lines, *([f"**missing**: {_names(missing, cell)}"] if missing else [])])


def _link(where: str) -> str:
    if where == CHECK:
        return f"`{CHECK}`"
    return f"[{where.removeprefix('tests/').removesuffix('.py').replace('test_', '')}](../{where})"


def _names(found: Collection[Item], cell: Sequence[Item]) -> str:
    """In the order of the cell; all of them have one name if they are many."""
    if len(found) == len(cell) > 1 and cell[0].aspect == "version":
        return f"all {len(cell)}"
    return " ".join(item.name for item in cell if item in found)


def claims(page: str) -> frozenset[Fact]:
    """What a page says was met where: `claims(render(facts)) == chosen(facts)`."""
    return frozenset(
        Fact(item, where)
        for line in page.splitlines()
        if (found := re.match(r"\| `([A-Z]+ /\S+)`<br>", line)) and found[1] in items()
        for cell, text in zip(items()[found[1]].values(), line.split(" | ")[1:], strict=False)
        for item, where in _claims(cell, text)
    )


def _claims(cell: Sequence[Item], text: str) -> Iterable[tuple[Item, str]]:
    for where, names in re.findall(rf"(?:\]\(\.\./([^)]+)\)|`{CHECK}`): ([^<|]+)", text):
        listed = set(names.split())
        yield from ((item, where or CHECK) for item in cell if item.name in listed or "all" in listed)
