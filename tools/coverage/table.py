"""The table as Markdown, and what it says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from qiskit_runtime_rest.contract.generated import operation_files

from .items import ASPECTS, items
from .record import CHECK, Fact, Item

__all__ = ["PAGE", "claims", "render"]

PAGE = "docs/coverage.md"
MOST_FILES = 2
"""How many test files are named in a cell, unless it takes more to show all that is tested."""

Met: TypeAlias = dict[Item, list[str]]
"""Where each item was met."""

HEAD = """\
# What of the contract is tested, and where

`make coverage` writes this page from a run of the tests and of `make contract`; `make test` fails where it is no longer
what the tests show.

Each cell names what was met, and who met it: at most two test files, unless it takes more to show everything, and
`make contract`, which asks the [embedded service](contract-check.md) only. **missing** is what nothing met.

- *generated call*: `sync` and `asyncio` of the operation's module in `qiskit_runtime_api.api`.
- *convenience*: the hand-written methods that lead to the operation, by their source, each seen to ask for it.
  `Client` stands for `RuntimeClient` and `AsyncRuntimeClient`, each other name for both of its kinds, and `Submit` for
  whatever jobs are submitted through.
- *documented statuses*: those that the contract lists for the operation, each seen as an answer.
- *API versions*: the `IBM-API-Version` of requests that were answered.
"""


def render(facts: Collection[Fact]) -> str:
    """The page that shows these facts."""
    met: Met = defaultdict(list)
    for item, where in sorted(facts):
        met[item].append(where)
    rows = [
        f"| `{operation}`<br>`{operation_files()[operation].module}` | "
        + " | ".join(_cell(cell, met) for cell in row.values())
        + " |"
        for operation, row in items().items()
    ]
    head = ["operation", *ASPECTS.values()]
    table = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows]
    return "\n".join([HEAD, *_summary(met), "", *table, ""])


def _summary(met: Met) -> Iterator[str]:
    for aspect, name in ASPECTS.items():
        wanted = [item for row in items().values() for item in row[aspect]]
        found = [item for item in wanted if item in met]
        with_any = {item.operation for item in wanted}
        without = f"; {len(items()) - len(with_any)} have none" if len(with_any) < len(items()) else ""
        share = f"{len({item.operation for item in found})} of {len(with_any)} operations"
        yield f"- **{name}**: {len(found)} of {len(wanted)} met, at {share}{without}"


def _cell(cell: Sequence[Item], met: Met) -> str:
    if not cell:
        return "none"
    lines = [f"{_link(where)}: {_names(found, cell)}" for where, found in _places(cell, met)]
    missing = [item for item in cell if item not in met]
    return "<br>".join([*lines, *([f"**missing**: {_names(missing, cell)}"] if missing else [])])


def _places(cell: Sequence[Item], met: Met) -> Iterator[tuple[str, Sequence[Item]]]:
    """The test files that together meet most of a cell's items, best first; `make contract` comes last."""
    at: dict[str, list[Item]] = defaultdict(list)
    for item in cell:
        for where in met.get(item, ()):
            at[where].append(item)
    check = at.pop(CHECK, None)
    open_, named = set(cell), 0
    while at:
        best = min(at, key=lambda where: (-len(open_ & set(at[where])), -len(at[where]), where))
        if named >= MOST_FILES and not open_ & set(at[best]):
            break
        yield best, at[best]
        open_ -= set(at.pop(best))
        named += 1
    if check:
        yield CHECK, check


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
    """What a page says was met where: those of the facts that `render` shows."""
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
