"""Write `docs/coverage.md` from records of runs, or with `--check` say where it is not what they show.

Records are what `--contract-coverage` of `tools.coverage.plugin` and `--report` of `qrr contract check` have written.
Of test files that did not run, and of `make contract` where its report is not given, the page is believed.

Exit status: 0 it is written, or says what they show; 1 it does not.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_
from pathlib import Path

from .items import items
from .record import CHECK, Fact, Item, Record
from .table import PAGE, claims, render

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.coverage", description=__doc__)
    parser.add_argument("records", nargs="+", type=Path, metavar="RECORD", help="a file that a run has written")
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--page", type=Path, default=Path(PAGE), help=f"in place of {PAGE}")
    given = parser.parse_args(arguments)
    record = reduce(or_, map(Record.read, given.records))
    if not given.check:
        given.page.write_text(render(record.facts), "utf-8")
        return 0
    wrong = list(_wrong(given.page.read_text("utf-8") if given.page.is_file() else "", record))
    for line in wrong:
        print(f"{given.page}: {line}", file=sys.stderr)
    if wrong:
        print("`make coverage` writes it anew.", file=sys.stderr)
    return 1 if wrong else 0


def _wrong(page: str, record: Record) -> Iterator[str]:
    """What is wrong with a page.

    How often a wait asks for a job depends on how fast its circuit runs, so that chance decides which of several tests
    meets an item. The page has to be right on what is met at all, and on each file that a cell names meeting some of
    what stands beside it.
    """
    said = claims(page)
    if page != render(said):
        yield "is not laid out as the contract, the client's source and tools/coverage make it"
    places: dict[Item, list[str]] = defaultdict(list)
    cells: dict[tuple[str, str, str], list[Item]] = defaultdict(list)
    for item, where in sorted(said):
        places[item].append(where)
        cells[item.operation, item.aspect, where].append(item)
    met: dict[Item, str] = dict(sorted(record.facts, reverse=True))
    for (operation, aspect, where), meant in cells.items():
        if _ran(where, record) and not record.facts & {Fact(item, where) for item in meant}:
            yield f"says that {where} meets {aspect} {' '.join(item.name for item in meant)} of {operation}: not so"
    for item in sorted(places.keys() - met.keys()):
        if all(_ran(where, record) for where in places[item]):
            yield f"says that {_told(item)} is met, and nothing meets it"
    wanted = {item for row in items().values() for cell in row.values() for item in cell}
    for item in sorted((met.keys() & wanted) - places.keys()):
        yield f"says that {_told(item)} is missing, and {met[item]} meets it"
    for item in sorted(met.keys() - wanted):
        if item.aspect == "convenience":
            yield f"has no place for {_told(item)}, met by {met[item]}: its method does not declare the operation"


def _ran(where: str, record: Record) -> bool:
    """Whether all is known of a place: a test file that is gone meets nothing."""
    return where in record.ran or not (where == CHECK or Path(where).is_file())


def _told(item: Item) -> str:
    return f"{item.aspect} {item.name} of {item.operation}"


if __name__ == "__main__":
    sys.exit(main())
